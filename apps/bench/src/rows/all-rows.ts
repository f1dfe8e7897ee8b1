import { bucketListingRow } from './bucket-listing.ts'
import { bucketMemoryRow } from './bucket-memory-row.ts'
import { bucketRaceRows } from './bucket-races.ts'
import { bucketSmallFilesRow } from './bucket-small-files.ts'
import { bucketStartUpRow } from './bucket-start-up.ts'
import { bucketTreesRow } from './bucket-trees.ts'
import { countRow } from './counts.ts'
import { largeFileRows } from './large-files.ts'
import { millionRow } from './million.ts'
import { routingRow } from './routing.ts'
import type { Row } from './row.ts'
import { smallFileRows } from './small-files.ts'
import { startUpRow } from './start-up.ts'
import { streamMemoryRow } from './stream-memory-row.ts'
import { syncRow } from './sync.ts'
import { treeRows } from './trees.ts'

/** Every row, in the order of the report. */
export const allRows: readonly Row[] = [...smallFileRows, ...treeRows, ...largeFileRows, ...bucketRaceRows, streamMemoryRow, syncRow, millionRow, routingRow, startUpRow, bucketSmallFilesRow, bucketListingRow, bucketStartUpRow, bucketMemoryRow, bucketTreesRow, countRow]
