import { startS3Service } from '../src/buckets/bucket-service.ts'
import { describeMounts } from './bucket-mount-kit.ts'

describeMounts({ name: 'S3 (the strict double)', start: startS3Service })
