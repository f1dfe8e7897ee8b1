import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { authorizedUser, type GcsDouble, type S3Double, startGcsDouble, startS3Double } from '@nexus/doubles'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openScratch, type Ran, type Scratch } from './cli-harness.ts'

interface Told {
  readonly mounts: readonly {
    readonly mountPoint: string
    readonly layout?: string
    readonly problem?: string
    readonly credentials?: readonly { readonly place: string; readonly problem?: string; readonly found?: string }[]
    readonly lifecycle?: readonly { readonly isProblem: boolean; readonly text: string }[]
  }[]
}

let scratch: Scratch
let saved: NodeJS.ProcessEnv
beforeEach(async () => {
  scratch = await openScratch()
  saved = { ...process.env }
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true'
})
afterEach(async () => {
  for (const name of Object.keys(process.env)) if (!(name in saved)) Reflect.deleteProperty(process.env, name)
  await scratch[Symbol.asyncDispose]()
})

const only = (ran: Ran): Told['mounts'][number] => {
  const { mounts } = JSON.parse(ran.stdout) as Told
  const [mount] = mounts
  if (mount === undefined || mounts.length !== 1) throw new Error(`Not one mount: ${ran.stdout}`)
  return mount
}

describe('doctor of a bucket of S3', () => {
  let double: S3Double
  const uri = (query = ''): string => `s3://bucket/data?endpoint=${double.url}&conditions=all${query}`
  const rule = (id: string, prefix: string, action: string): string => `<Rule><ID>${id}</ID><Filter><Prefix>${prefix}</Prefix></Filter><Status>Enabled</Status>${action}</Rule>`
  const expires = '<Expiration><Days>30</Days></Expiration>'
  const archives = '<Transition><Days>7</Days><StorageClass>GLACIER</StorageClass></Transition>'
  const setRules = (...rules: readonly string[]): void => {
    double.bucket().lifecycle = `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules.join('')}</LifecycleConfiguration>`
  }
  const letIn = (): void => {
    const { accessKeyId, secretAccessKey } = double.account
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey })
  }
  beforeEach(async () => {
    double = await startS3Double()
  })
  afterEach(() => double.close())

  it('tells each place where credentials were looked for, in order, as the error of the mount does', async () => {
    await mkdir(join(scratch.directory, 'home/.aws'), { recursive: true })
    await writeFile(join(scratch.directory, 'home/.aws/config'), '[default]\nregion = us-east-1\n')
    const ran = await scratch.run(['doctor', '--json', uri()])
    expect(ran.code).toBe(1)
    const { credentials = [], problem } = only(ran)
    expect(credentials.map(({ place }) => place)).toEqual([
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY', expect.stringMatching(/\.aws\/credentials$/), expect.stringMatching(/\.aws\/config$/),
      'ECS and EKS container credentials', 'EC2 instance metadata',
    ])
    expect(problem).toContain(credentials.map(({ place, problem: wrong = '' }) => `${place}: ${wrong}`).join('; '))
    const text = await scratch.run(['doctor', uri()])
    const lines = text.stdout.split('\n').map((line) => line.replaceAll(/ +/g, ' ').trim())
    for (const [index, { place, problem: wrong = '' }] of credentials.entries()) expect(lines).toContain(`${index + 1} ${place} ${wrong}`)
    expect(text.stdout).toContain('None of them can be used.')
  })

  it('tells which place is used, and never a secret', async () => {
    const { accessKeyId, secretAccessKey } = double.account
    await mkdir(join(scratch.directory, 'home/.aws'), { recursive: true })
    await writeFile(join(scratch.directory, 'home/.aws/credentials'), `[work]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`)
    const ran = await scratch.run(['doctor', uri('&profile=work')])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/1 {2}\S+\.aws\/credentials {2}used: an access key, profile "work"/)
    for (const output of [ran.stdout, (await scratch.run(['doctor', '--json', uri('&profile=work')])).stdout]) expect(output).not.toContain(secretAccessKey)
  })

  it('warns of rules that delete or archive what a repository needs, and of no others', async () => {
    letIn()
    setRules(
      rule('all', '', archives), rule('journal', 'data/journal/2', expires), rule('elsewhere', 'logs/', expires), rule('beside', 'data/pins/', expires),
      rule('uploads', '', '<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>'),
    )
    const ran = await scratch.run(['doctor', '--json', uri('&layout=cas')])
    expect(ran.code).toBe(1)
    expect(only(ran).problem).toBeUndefined()
    expect(only(ran).lifecycle).toEqual([
      { isProblem: true, text: expect.stringContaining('"all" of the bucket archives all objects of this repository 7 days after they were stored.') as unknown },
      { isProblem: true, text: expect.stringContaining('"journal" of the bucket deletes objects of this repository (journal/) 30 days after') as unknown },
    ])
    expect((await scratch.run(['doctor', uri('&layout=cas')])).stdout).toContain('problem  /s3/bucket/data: The lifecycle rule "all"')
  })

  it('tells in softer words of rules that delete files of a plain mount, and finds nothing wrong', async () => {
    letIn()
    setRules(rule('tidy', 'data/tmp/', expires), rule('elsewhere', 'logs/', expires))
    await scratch.run(['mount', '--at', '/b', uri('&layout=path')])
    const ran = await scratch.run(['doctor', '--json', '/b'])
    expect(ran.code).toBe(0)
    expect(only(ran)).toMatchObject({ mountPoint: '/b', layout: 'path', lifecycle: [{ isProblem: false }] })
    expect((await scratch.run(['doctor'])).stdout.replaceAll(/\s+/g, ' ')).toContain('note /b: The lifecycle rule "tidy" of the bucket deletes files whose names begin with "tmp/" 30 days after they were stored. That may be meant so.')
  })

  it('says that it may not look at the rules', async () => {
    letIn()
    double.faults.add({ when: ({ target }) => target.includes('lifecycle'), action: { kind: 'answer', answer: { status: 403, headers: { 'content-type': 'application/xml' }, body: '<Error><Code>AccessDenied</Code></Error>' } } })
    const ran = await scratch.run(['doctor', '--json', uri('&layout=cas')])
    expect(double.faults.struck).toBe(1)
    expect(ran.code).toBe(0)
    expect(only(ran).lifecycle).toEqual([{ isProblem: false, text: expect.stringContaining('is not known. These credentials may not look') as unknown }])
  })

  it('changes nothing, and refuses what is not mounted', async () => {
    letIn()
    await scratch.run(['doctor', uri()])
    expect(double.bucket().objects.size).toBe(0)
    expect((await scratch.run(['doctor', '/nowhere'])).code).toBe(21)
    expect((await scratch.run(['doctor', 'nope://x'])).code).toBe(1)
  })
})

describe('doctor of a bucket of GCS', () => {
  let double: GcsDouble
  const uri = (query = ''): string => `gcs://project/bucket/data?endpoint=${double.url}${query}`
  beforeEach(async () => {
    double = await startGcsDouble()
  })
  afterEach(() => double.close())

  it('tells each place, the metadata server last, and uses it', async () => {
    process.env['GCE_METADATA_HOST'] = new URL(double.url).host
    const ran = await scratch.run(['doctor', uri()])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/1 {2}GOOGLE_APPLICATION_CREDENTIALS +not set/)
    expect(ran.stdout).toMatch(/3 {2}Compute Engine metadata service \(.+\) +used: the service account of the machine/)
  })

  it('tells what is wrong with a file, and stops there', async () => {
    const file = join(scratch.directory, 'key.json')
    await writeFile(file, JSON.stringify({ ...authorizedUser, refresh_token: undefined }))
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file
    const ran = await scratch.run(['doctor', '--json', uri()])
    expect(ran.code).toBe(1)
    expect(only(ran).credentials).toEqual([{ place: 'GOOGLE_APPLICATION_CREDENTIALS', problem: `${file} has no refresh_token` }])
    expect(ran.stdout).not.toContain(authorizedUser.client_secret)
  })

  it('warns of rules, and says when it may not look', async () => {
    process.env['GCE_METADATA_HOST'] = new URL(double.url).host
    double.bucket().lifecycleRules = [{ action: { type: 'Delete' }, condition: { age: 5, matchesPrefix: ['data/cas/', 'other/'] } }]
    const ran = await scratch.run(['doctor', '--json', uri('&layout=cas')])
    expect(only(ran).lifecycle).toEqual([{ isProblem: true, text: expect.stringContaining('"rule 1" of the bucket deletes objects of this repository (cas/) 5 days') as unknown }])
    double.bucket().hidesMetadata = true
    expect(only(await scratch.run(['doctor', '--json', uri('&layout=cas')])).lifecycle).toMatchObject([{ isProblem: false }])
  })
})
