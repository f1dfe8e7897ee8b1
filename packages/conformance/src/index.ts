export type { CaseContext, ContractCase } from './case.ts'
export { contractCases } from './contract-cases.ts'
export { describeBackend, type SuiteOptions } from './describe-backend.ts'
export { type CaseOptions, type CaseResult, type OpenedBackend, runCase } from './run-case.ts'
