import { startGcsService } from '../src/buckets/bucket-service.ts'
import { describeMounts } from './bucket-mount-kit.ts'

describeMounts({ name: 'GCS (the strict double)', start: startGcsService })
