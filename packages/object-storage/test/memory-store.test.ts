import { describeObjectStore } from '../../doubles/src/describe-object-store.ts'
import { openMemoryStore } from '../src/memory-store.ts'
import { withPrefix } from '../src/with-prefix.ts'

describeObjectStore('memory', { open: () => openMemoryStore() })
describeObjectStore('memory with versions, full listings and small pages', { open: () => openMemoryStore({ keepsVersions: true, listsFully: true, pageSize: 2 }) })
describeObjectStore('memory without conditions', { open: () => openMemoryStore({ conditions: { absent: false, match: false } }) })
describeObjectStore('a prefix of memory', { open: () => withPrefix(openMemoryStore({ keepsVersions: true }), 'some/prefix/') })
