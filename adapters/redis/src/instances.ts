import type { Context } from "@allium/core";
import { type InstanceRecord, parseInstanceRecord } from "@allium/core/registry";
import { type ChangePlace, readPlace } from "./change-place.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { RegistryKeys } from "./registry-keys.ts";

/** How many records are asked for at once. */
const pageSize = 250;

/** The instances whose leases last, and a place from which on the changes must be read to know what became of them. */
export interface InstancesAt {
	readonly records: readonly InstanceRecord[];
	readonly place: ChangePlace;
}

/** Reads all instances. The place is read first, so no change is missed that comes while the rest is read. */
export async function readInstances(
	connection: RedisConnection,
	keys: RegistryKeys,
	ctx?: Context,
): Promise<InstancesAt> {
	const [place, time, leases] = await Promise.all([
		connection.send("HMGET", [keys.state, "generation", "revision"], ctx),
		connection.send("TIME", [], ctx),
		connection.send("ZRANGE", [keys.leases, 0, -1, "WITHSCORES"], ctx),
	]);
	const up = keysAfter(leases, millisecondsOf(time));
	const records: InstanceRecord[] = [];
	for (let from = 0; from < up.length; from += pageSize) {
		const page = await readRecords(connection, keys, up.slice(from, from + pageSize), ctx);
		for (const record of page.values()) records.push(record);
	}
	return { records, place: readPlace(place) };
}

/** Reads the records of these instances, by their keys. An instance that is gone has none. */
export async function readRecords(
	connection: RedisConnection,
	{ records }: RegistryKeys,
	keys: readonly string[],
	ctx?: Context,
): Promise<ReadonlyMap<string, InstanceRecord>> {
	const found = new Map<string, InstanceRecord>();
	const texts = await connection.send("HMGET", [records, ...keys], ctx);
	for (const [index, text] of (Array.isArray(texts) ? texts : []).entries()) {
		const record = typeof text === "string" ? parseInstanceRecord(text) : undefined;
		if (record !== undefined && record.key === keys[index]) found.set(record.key, record);
	}
	return found;
}

/** The time that Redis tells as seconds and microseconds, in milliseconds since 1970. */
export function millisecondsOf(time: unknown): number {
	const [seconds, microseconds] = Array.isArray(time) ? time.map(Number) : [];
	return (seconds ?? Number.NaN) * 1_000 + Math.floor((microseconds ?? 0) / 1_000);
}

/** The members of a sorted set whose scores are above a bound. */
function keysAfter(membersAndScores: unknown, bound: number): string[] {
	const all: readonly unknown[] = Array.isArray(membersAndScores) ? membersAndScores : [];
	const keys: string[] = [];
	for (let index = 0; index + 1 < all.length; index += 2) {
		const key = all[index];
		if (typeof key === "string" && Number(all[index + 1]) > bound) keys.push(key);
	}
	return keys;
}
