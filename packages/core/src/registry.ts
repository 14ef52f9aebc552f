/**
 * The building blocks of registries in other packages: `@allium/core/registry`. Services and clients do not need it.
 */

export { inertLease } from "./registry/inert-lease.ts";
export type { Instance, ServedContract } from "./registry/instance.ts";
export {
	type InstanceRecord,
	instanceKey,
	instanceRecord,
	maxInstanceRecordLength,
	parseInstanceRecord,
} from "./registry/instance-record.ts";
export { InstanceView, type InstanceViewHooks } from "./registry/instance-view.ts";
export { LeaseQueue } from "./registry/lease-queue.ts";
export { MemoryInstances } from "./registry/memory-registry.ts";
export {
	keepRegistered,
	type Registration,
	type RegistrationChange,
	type RegistrationOptions,
} from "./registry/registration.ts";
export {
	defaultTtlMs,
	type Lease,
	matches,
	type Registry,
	type RegistryClock,
	type RegistryEvent,
	type RegistryFilter,
} from "./registry/registry.ts";
export { Renewals, type RenewalsOptions } from "./registry/renewals.ts";
export { isServiceName, parseServiceList } from "./registry/service-list.ts";
