import type { ContractCase } from './case.ts'
import { abortCases } from './cases/abort.ts'
import { appendCases } from './cases/append.ts'
import { batchCases } from './cases/batch.ts'
import { changeCases } from './cases/changes.ts'
import { closeCases } from './cases/close.ts'
import { concurrencyCases } from './cases/concurrency.ts'
import { conditionCases } from './cases/conditions.ts'
import { copyCases } from './cases/copy.ts'
import { deleteCases } from './cases/delete.ts'
import { errorCases, readonlyCases } from './cases/errors.ts'
import { extraCases } from './cases/extras.ts'
import { listCases } from './cases/list.ts'
import { metadataCases } from './cases/metadata.ts'
import { mkdirCases } from './cases/mkdir.ts'
import { nameCases } from './cases/names.ts'
import { rangeCases } from './cases/ranges.ts'
import { readCases } from './cases/read.ts'
import { renameCases } from './cases/rename.ts'
import { snapshotCases } from './cases/snapshots.ts'
import { statCases } from './cases/stat.ts'
import { versionCases } from './cases/versions.ts'
import { writeCases } from './cases/write.ts'

/** Every sentence of the contract, in the order of `docs/contract.md`; to run one against a backend without vitest, see `runCase`. */
export const contractCases: readonly ContractCase[] = [
  ...readonlyCases,
  ...nameCases,
  ...statCases,
  ...readCases,
  ...rangeCases,
  ...writeCases,
  ...conditionCases,
  ...concurrencyCases,
  ...abortCases,
  ...deleteCases,
  ...listCases,
  ...mkdirCases,
  ...renameCases,
  ...copyCases,
  ...appendCases,
  ...metadataCases,
  ...versionCases,
  ...snapshotCases,
  ...batchCases,
  ...changeCases,
  ...extraCases,
  ...errorCases,
  ...closeCases,
]
