import { after } from "@allium/core/transport";
import { JetStreamApiError, type JetStreamManager, type StreamInfo } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { isJetStreamMissing, isStreamMissing } from "./failure.ts";
import type { NatsConnection } from "./nats-connection.ts";

/** How often and how long apart a server is asked whether it stores messages of a stream already. */
const [mostProbes, probeMs] = [100, 10];
/** A server answers at once, and `connection.run` bounds the whole. */
const answerMs = 30_000;

/** Undefined when there is no such stream. */
export async function streamInfo(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
	try {
		return await manager.streams.info(name);
	} catch (error) {
		if (isStreamMissing(error)) return undefined;
		throw error;
	}
}

/**
 * Makes a stream unless it exists, with any settings. Returns how it was before, undefined if it is new. To be called
 * within `connection.run`.
 */
export async function makeStream(
	connection: NatsConnection,
	manager: JetStreamManager,
	name: string,
	make: () => Promise<unknown>,
): Promise<StreamInfo | undefined> {
	const found = await streamInfo(manager, name);
	if (found === undefined) await unlessOvertaken(manager, name, make);
	if (!connection.isAtLeast(2, 10)) {
		await untilItStores(connection, found ?? (await manager.streams.info(name)));
	}
	return found;
}

/** A server refuses the name or the subjects of a stream that another process made a moment ago. */
async function unlessOvertaken(
	manager: JetStreamManager,
	name: string,
	make: () => Promise<unknown>,
): Promise<void> {
	try {
		await make();
	} catch (error) {
		const isRefusal = error instanceof JetStreamApiError;
		if (!isRefusal || (await streamInfo(manager, name)) === undefined) throw error;
	}
}

/**
 * While one process makes a stream, a server before 2.10 tells others that it is there a moment before it stores its
 * messages. This gives up after a second: a publisher then says what is wrong.
 */
async function untilItStores(connection: NatsConnection, { config }: StreamInfo): Promise<void> {
	const [subject] = config.subjects.map((one) => one.replaceAll(/[*>]/g, "probe"));
	if (subject === undefined) return;
	for (let probes = 0; probes < mostProbes && !(await stores(connection, config.name, subject)); probes++) {
		await new Promise<void>((resolve) => after(probeMs, resolve));
	}
}

/** Whether the server listens to a subject. It refuses this message, whose stream is to have another name. */
async function stores({ client }: NatsConnection, name: string, subject: string): Promise<boolean> {
	const expecting = headers();
	expecting.set("Nats-Expected-Stream", `other_than_${name}`);
	try {
		await client.request(subject, "", { headers: expecting, timeout: answerMs });
	} catch (error) {
		return !isJetStreamMissing(error);
	}
	return true;
}
