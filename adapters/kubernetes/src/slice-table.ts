import type { Instance } from "@allium/core";
import { type InstanceRecord, instanceKey, instanceRecord } from "@allium/core/registry";
import type { EndpointSlice } from "./endpoint-slice.ts";
import { type SliceInstance, type SliceReading, sliceInstances } from "./slice-instances.ts";

/** Receives the instances that changed. */
export interface InstanceChanges {
	put(record: InstanceRecord): void;
	delete(key: string): void;
}

/**
 * The instances in all slices together. A pod is in several slices if several Services select it, or if it has
 * addresses of both families. It is one instance all the same.
 */
export class SliceTable {
	readonly #reading: SliceReading;
	/** The instances of each slice, by the key of the instance. */
	#slices = new Map<string, ReadonlyMap<string, SliceInstance>>();
	/** The descriptions of each instance, by the name of the slice. */
	#instances = new Map<string, Map<string, SliceInstance>>();

	constructor(reading: SliceReading) {
		this.#reading = reading;
	}

	/** All instances. */
	records(): InstanceRecord[] {
		return Array.from(this.#instances.values(), merged);
	}

	/** Replaces all slices. */
	replace(slices: Iterable<EndpointSlice>): void {
		this.#slices = new Map();
		this.#instances = new Map();
		for (const slice of slices) this.put(slice);
	}

	/** Notes the present content of a slice. */
	put(slice: EndpointSlice, changes?: InstanceChanges): void {
		const said = new Map(sliceInstances(slice, this.#reading).map((one) => [instanceKey(one), one]));
		this.#say(nameOf(slice), said, changes);
	}

	/** Notes that a slice is gone. */
	delete(slice: EndpointSlice, changes: InstanceChanges): void {
		this.#say(nameOf(slice), new Map(), changes);
	}

	#say(name: string, said: ReadonlyMap<string, SliceInstance>, changes: InstanceChanges | undefined): void {
		const before = this.#slices.get(name);
		if (said.size > 0) this.#slices.set(name, said);
		else this.#slices.delete(name);
		for (const key of before?.keys() ?? []) if (!said.has(key)) this.#withdraw(key, name, changes);
		for (const [key, instance] of said) {
			// Most endpoints of a slice stay as they are when one changes.
			if (before !== undefined && isEqual(before.get(key), instance)) continue;
			const ofInstance = this.#instances.get(key) ?? new Map<string, SliceInstance>();
			this.#instances.set(key, ofInstance);
			ofInstance.set(name, instance);
			changes?.put(merged(ofInstance));
		}
	}

	#withdraw(key: string, name: string, changes: InstanceChanges | undefined): void {
		const ofInstance = this.#instances.get(key);
		ofInstance?.delete(name);
		if (ofInstance === undefined) return;
		if (ofInstance.size > 0) {
			changes?.put(merged(ofInstance));
			return;
		}
		this.#instances.delete(key);
		changes?.delete(key);
	}
}

function nameOf({ metadata: { namespace, name } }: EndpointSlice): string {
	return `${namespace}/${name}`;
}

function isEqual(one: SliceInstance | undefined, other: SliceInstance): boolean {
	return JSON.stringify(one) === JSON.stringify(other);
}

/** Merges the descriptions of an instance by several slices. The order in which they came does not matter. */
function merged(said: ReadonlyMap<string, SliceInstance>): InstanceRecord {
	const parts = [...said].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, part]) => part);
	const [first] = parts;
	if (first === undefined) throw new Error("nothing is said of the instance");
	const services = new Map(parts.flatMap((part) => part.services).map((served) => [served.name, served]));
	return instanceRecord({
		...first,
		addresses: [...new Set(parts.flatMap(({ addresses }) => addresses))],
		services: [...services.values()],
		labels: Object.assign({}, ...parts.map(({ labels }) => labels)),
		status: bestOf(parts.map(({ status }) => status)),
		weight: 1,
		startedAt: "",
	});
}

/** A pod that is ready for one of its Services takes calls. */
function bestOf(states: readonly Instance["status"][]): Instance["status"] {
	if (states.includes("up")) return "up";
	return states.includes("draining") ? "draining" : "unhealthy";
}
