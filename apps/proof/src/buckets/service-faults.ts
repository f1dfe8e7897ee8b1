import { damaged, type FaultAction, type HttpAnswer, type HttpRequest, lengthened, shortened } from '@nexus/doubles'

/** Something that goes wrong between a mount and its service. */
export interface ServiceFault {
  readonly name: string
  readonly action: FaultAction
  /** Which requests it can strike; default all. */
  readonly when?: ((request: HttpRequest) => boolean) | undefined
  /** Passes by itself: a call that meets it once succeeds all the same. */
  readonly isPassing: boolean
  /** It ends by a time-out. */
  readonly isSlow?: true | undefined
  /** The service has no checksum of a part of an object: nobody can see that its bytes are others. */
  readonly isUnseenInRanges?: true | undefined
}

type Told = readonly [status: number, code: string, headers?: Readonly<Record<string, string>>]

const answers = {
  s3: ([status, code, headers]: Told): FaultAction => ({
    kind: 'answer',
    answer: { status, headers: { 'content-type': 'application/xml', ...headers }, body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Told so.</Message></Error>` },
  }),
  gcs: ([status, reason, headers]: Told): FaultAction => ({
    kind: 'answer',
    answer: { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ error: { code: status, message: 'Told so.', errors: [{ reason }] } }) },
  }),
}

/** Refusals that pass by themselves, and others, as each service tells them. */
const told: Record<'s3' | 'gcs', { readonly passing: Readonly<Record<string, Told>>; readonly lasting: Readonly<Record<string, Told>> }> = {
  s3: {
    passing: {
      'a failure of the service': [500, 'InternalError'],
      'a service that is away': [503, 'ServiceUnavailable'],
      'a request to slow down': [503, 'SlowDown'],
      'a request to slow down for a second': [503, 'SlowDown', { 'retry-after': '1' }],
      'a conflict': [409, 'OperationAborted'],
      'clocks that differ': [403, 'RequestTimeTooSkewed'],
    },
    lasting: {
      'a failed condition': [412, 'PreconditionFailed'],
      'expired credentials': [400, 'ExpiredToken'],
      'a missing bucket': [404, 'NoSuchBucket'],
      'a denial': [403, 'AccessDenied'],
    },
  },
  gcs: {
    passing: {
      'a failure of the service': [500, 'internalError'],
      'a service that is away': [503, 'backendError'],
      'a request to slow down': [429, 'rateLimitExceeded'],
      'a request to slow down for a second': [429, 'rateLimitExceeded', { 'retry-after': '1' }],
      'a conflict': [409, 'conflict'],
    },
    lasting: {
      'a failed condition': [412, 'conditionNotMet'],
      'expired credentials': [401, 'authError'],
      'a missing bucket': [404, 'NoSuchBucket'],
      'a denial': [403, 'forbidden'],
    },
  },
}

/** What breaks on the way, whatever the service. */
const broken: readonly ServiceFault[] = [
  { name: 'a connection that breaks before the request is seen', action: { kind: 'refuse' }, isPassing: true },
  { name: 'a request that breaks at byte 3000', action: { kind: 'break', afterBytes: 3000 }, when: ({ method }) => method === 'PUT' || method === 'POST', isPassing: true },
  { name: 'a request whose body is not taken', action: { kind: 'ignore' }, when: ({ method }) => method === 'PUT' || method === 'POST', isPassing: true, isSlow: true },
  { name: 'an answer that is lost', action: { kind: 'lose' }, isPassing: true },
  { name: 'an answer that never begins', action: { kind: 'stall', afterBytes: 0, headers: false }, isPassing: true, isSlow: true },
  { name: 'an answer that stalls', action: { kind: 'stall', afterBytes: 20 }, when: ({ method }) => method === 'GET', isPassing: true, isSlow: true },
  { name: 'an answer of one byte a second', action: { kind: 'slow', bytesPerSecond: 20 }, when: ({ method }) => method === 'GET', isPassing: true, isSlow: true },
  { name: 'an answer that is reset at byte 20', action: { kind: 'cut', afterBytes: 20, how: 'reset' }, when: ({ method }) => method === 'GET', isPassing: true },
  { name: 'an answer that ends at byte 20', action: { kind: 'cut', afterBytes: 20, how: 'end' }, when: ({ method }) => method === 'GET', isPassing: true },
  { name: 'a redirect to another host', action: { kind: 'redirect', baseUrl: 'http://127.0.0.1:9', status: 307 }, isPassing: true },
  { name: 'a short body', action: { kind: 'change', change: ifWell(shortened(7)) }, when: isDownload, isPassing: false },
  { name: 'a long body', action: { kind: 'change', change: ifWell(lengthened(7)) }, when: isDownload, isPassing: false },
  { name: 'a wrong body', action: { kind: 'change', change: ifWell(damaged()) }, when: isDownload, isPassing: false, isUnseenInRanges: true },
]

/** Documents of errors have neither length nor checksum of their own. */
function ifWell(change: (answer: HttpAnswer) => HttpAnswer): (answer: HttpAnswer) => HttpAnswer {
  return (answer) => (answer.status < 300 ? change(answer) : answer)
}

/** Of an object's bytes: listings and descriptions of objects have no checksum. */
function isDownload({ method, url, headers }: HttpRequest): boolean {
  return method === 'GET' && !url.searchParams.has('list-type') && !url.pathname.startsWith('/storage/v1/') && headers['metadata-flavor'] === undefined && !url.searchParams.has('versioning')
}

/** Without a document only the answer's time tells of clocks, and the double's clock is right. */
function hasDocument({ method }: HttpRequest): boolean {
  return method !== 'HEAD'
}

/** Everything that goes wrong with a service. A repository in S3 sends no request that could be answered with an error as 200. */
export function serviceFaults(scheme: 's3' | 'gcs', layout: 'cas' | 'path'): readonly ServiceFault[] {
  const answer = answers[scheme]
  const { passing, lasting } = told[scheme]
  const hidden: ServiceFault = { name: 'an answer 200 with an error in it', action: answer([200, scheme === 's3' ? 'InternalError' : 'backendError']), when: ({ method }) => method === 'POST', isPassing: true }
  return [
    ...Object.entries(passing).map(([name, told]) => ({ name, action: answer(told), isPassing: true, ...(told[1] === 'RequestTimeTooSkewed' && { when: hasDocument }) })),
    ...Object.entries(lasting).map(([name, told]) => ({ name, action: answer(told), isPassing: false })),
    ...(scheme === 's3' && layout === 'cas' ? [] : [hidden]),
    ...broken,
  ]
}
