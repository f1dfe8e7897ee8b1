export type { HttpAnswer, HttpHandler, HttpRequest } from './http/messages.ts'
export { damaged, type Fault, type FaultAction, type FaultScript, lengthened, shortened } from './http/faults.ts'
export { type HttpDouble, type HttpDoubleOptions, type RequestLog, type RequestRecord, startHttpDouble } from './http/double.ts'
