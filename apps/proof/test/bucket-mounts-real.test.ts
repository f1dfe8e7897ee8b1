import { whyNoRadosgw } from '@nexus/doubles'
import { startMotoService, startRadosgwService, whyNoMoto } from '../src/buckets/real-services.ts'
import { describeMounts } from './bucket-mount-kit.ts'

describeMounts({
  name: 'Ceph\'s object gateway',
  start: startRadosgwService,
  missing: whyNoRadosgw(),
  // A quarter of an hour for the whole, on two cores.
  sampled: true,
  knownGaps: {
    path: {
      '`rename` with `ifNoneMatch` never replaces: it fails with `precondition_failed` where something is.': 'radosgw 16 ignores If-None-Match on CopyObject, so that it is refused as unsupported',
      '`copy` with `ifNoneMatch` never replaces: it fails with `precondition_failed` where something is.': 'radosgw 16 ignores If-None-Match on CopyObject, so that it is refused as unsupported',
    },
  },
})

describeMounts({ name: 'moto', start: startMotoService, missing: whyNoMoto(), sampled: true })
