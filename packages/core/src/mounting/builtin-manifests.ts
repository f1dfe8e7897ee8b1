import type { BackendManifest, OptionManifest } from './manifest.ts'

const text = (description: string): OptionManifest => ({ type: 'string', description })
const whole = (description: string): OptionManifest => ({ type: 'integer', description })
const flag = (description: string): OptionManifest => ({ type: 'boolean', description })
const secret = (description: string): OptionManifest => ({ type: 'string', description, secret: true })
const credentialFile = (description: string): OptionManifest => ({ type: 'string', description, credentialFile: true })

const google = {
  credentialsPath: credentialFile('File of a service account key or of application default credentials.'),
  endpoint: text('Base URL of another server that speaks the same API.'),
}

/** The schemes of Nexus itself, as data: nothing is imported until a URI with the scheme is mounted. */
export const builtinManifests: readonly BackendManifest[] = [
  {
    scheme: 'local',
    package: '@nexus/backend-local',
    definition: 'localBackend',
    uri: 'local://<directory>',
    capabilities: 'A directory of this machine, as it is (path) or as a repository with versions, deduplication and verified reads (cas).',
    options: { dataDir: text('The directory.'), durability: text('"fsync" (default) or "os".') },
    credentials: [],
  },
  {
    scheme: 'memory',
    package: '@nexus/backend-memory',
    definition: 'memoryBackend',
    uri: 'memory://<name>',
    capabilities: 'Scratch space in this process, with versions and snapshots; gone when it is closed.',
    options: { name: text('A name for messages.'), maxSizeBytes: whole('Longest body that is taken, in bytes.') },
    credentials: [],
  },
  {
    scheme: 's3',
    package: '@nexus/backend-s3',
    definition: 's3Backend',
    uri: 's3://<bucket>/<prefix>',
    capabilities: 'Amazon S3 and what speaks its API: objects as they are, or a repository.',
    options: {
      bucket: text('The bucket.'),
      prefix: text('Only keys below this prefix.'),
      region: text('Region of the bucket.'),
      endpoint: text('Base URL of another server that speaks the same API.'),
      forcePathStyle: flag('Puts the bucket into the path of requests instead of the host name.'),
      profile: text('Profile of the shared credentials and configuration files.'),
      credentialsPath: credentialFile('File of shared credentials instead of ~/.aws/credentials.'),
      storageClass: text('Storage class of what is written, as S3 names it: STANDARD_IA ...'),
      encryption: text('Encryption by the service: "AES256" or "aws:kms".'),
      kmsKeyId: text('Key for "aws:kms".'),
      conditions: text('Which conditional writes the service keeps: "auto" (default), "all", "absent" or "none".'),
      checksums: text('Whether checksums go with uploads: "auto" (default), "always" or "never".'),
      anonymous: flag('Sends unsigned requests: public buckets, reading only.'),
      accessKeyId: secret('Access key; better by environment or profile.'),
      secretAccessKey: secret('Secret key; better by environment or profile.'),
      sessionToken: secret('Session token of temporary credentials.'),
    },
    credentials: ['AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY', '~/.aws/credentials', '~/.aws/config', 'EC2 and ECS instance metadata'],
  },
  {
    scheme: 'gcs',
    package: '@nexus/backend-gcs',
    definition: 'gcsBackend',
    uri: 'gcs://<project>/<bucket>/<prefix>',
    capabilities: 'Google Cloud Storage: objects as they are, or a repository.',
    options: {
      projectId: text('The project.'),
      bucket: text('The bucket.'),
      prefix: text('Only names below this prefix.'),
      storageClass: text('Storage class of what is written: STANDARD, NEARLINE, COLDLINE or ARCHIVE.'),
      anonymous: flag('Sends requests without credentials: public buckets, reading only.'),
      ...google,
    },
    credentials: ['GOOGLE_APPLICATION_CREDENTIALS', '~/.config/gcloud/application_default_credentials.json', 'Compute Engine metadata'],
  },
  {
    scheme: 'gdrive',
    package: '@nexus/connector-gdrive',
    definition: 'gdriveBackend',
    uri: 'gdrive://my-drive or gdrive://<folder or shared drive id>',
    capabilities: 'Google Drive: files with revisions and trash; Google documents read as Markdown, CSV and text.',
    options: { folder: text('my-drive, or the id of a folder or shared drive.'), ...google },
    credentials: ['nexus-fs auth connect gdrive', 'GOOGLE_APPLICATION_CREDENTIALS'],
  },
  {
    scheme: 'gws',
    package: '@nexus/connector-gws',
    definition: 'gwsBackend',
    uri: 'gws://docs, gws://sheets, gws://calendar or gws://gmail',
    capabilities: 'Google Workspace: documents as Markdown, sheets as CSV, calendars as iCalendar, mail as RFC 5322 messages.',
    options: { service: text('docs, sheets, calendar or gmail.'), ...google },
    credentials: ['nexus-fs auth connect gws', 'GOOGLE_APPLICATION_CREDENTIALS'],
  },
  {
    scheme: 'slack',
    package: '@nexus/connector-slack',
    definition: 'slackBackend',
    uri: 'slack://<workspace>',
    capabilities: 'Slack: channels as one JSON Lines file a day, files, users; posting by writing new.md.',
    options: {
      workspace: text('The workspace.'),
      token: secret('Bot or user token; better by `nexus-fs auth`.'),
      endpoint: google.endpoint,
    },
    credentials: ['nexus-fs auth connect slack', 'SLACK_TOKEN'],
  },
  {
    scheme: 'github',
    package: '@nexus/connector-github',
    definition: 'githubBackend',
    uri: 'github://<owner>/<repository>',
    capabilities: 'A GitHub repository: contents, branches and tags, issues, pull requests, releases.',
    options: {
      owner: text('Owner of the repository.'),
      repository: text('The repository.'),
      token: secret('Personal access token; better by environment.'),
      endpoint: google.endpoint,
    },
    credentials: ['GITHUB_TOKEN', 'nexus-fs auth connect github'],
  },
]
