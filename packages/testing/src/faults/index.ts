export { type Fault, FaultProxy, type FaultProxyOptions, faultProxy } from "./fault-proxy.ts";
export type { Direction, FaultEffect, FaultRule, FaultScope } from "./fault-rule.ts";
