import { createHash } from "node:crypto";
import { type InstanceRecord, instanceRecord } from "@allium/core/registry";
import type { ServiceAddresses } from "./service-addresses.ts";

/**
 * The instances of a listing: one for each address. Only their addresses are known, so their versions, hashes and start
 * times are empty. Their ids follow from their addresses.
 */
export function staticInstances(listing: ServiceAddresses, namespace: string): InstanceRecord[] {
	const servicesAt = new Map<string, string[]>();
	for (const [service, addresses] of listing) {
		for (const address of addresses) {
			servicesAt.set(address, [...(servicesAt.get(address) ?? []), service]);
		}
	}
	return Array.from(servicesAt, ([address, services]) =>
		instanceRecord({
			id: createHash("sha256").update(address).digest("hex").slice(0, 16),
			app: services.join("+"),
			namespace,
			addresses: [address],
			services: services.map((name) => ({ name, version: "", hash: "" })),
			labels: {},
			weight: 1,
			status: "up",
			startedAt: "",
		}),
	);
}
