import { rabbitServer, type ServerProcess, serverProgram, startServer } from "@allium/testing/servers";
import { Pair, type Round } from "../pair.ts";
import type { Task } from "../protocol.ts";
import type { Run } from "../run.ts";

/**
 * The number of turns of a round. There are several, so that a disturbance of one turn does not count for one side
 * alone.
 */
const turns = 5;

const sides = [
	["amqp", "through a queue of RabbitMQ", "stacks/queues.ts"],
	["bare", "RabbitMQ, bare request and reply", "peers/rabbit.ts"],
	["frames", "frames, beside the queue", "stacks/frames.ts"],
] as const;

/** The measurements of one side. */
interface Side {
	readonly id: string;
	readonly what: string;
	readonly pair: Pair;
	readonly many: Round[];
	readonly one: Round[];
}

/** Measures calls through a queue of RabbitMQ, against request and reply of the same client library, and frames. */
export async function queues(run: Run): Promise<void> {
	let server: ServerProcess | undefined;
	const measured: Side[] = [];
	try {
		run.progress("cluster", "starting RabbitMQ");
		const file = serverProgram("rabbitmq");
		if (file === undefined) throw new Error("its server is not installed: run npm run services");
		server = await startServer(rabbitServer({ file }));
		for (const [id, what, stack] of sides) {
			const variant = `127.0.0.1:${server.port}`;
			const pair = await Pair.start({ file: stack, variant, serves: true, pinned: run.pinned });
			measured.push({ id, what, pair, many: [], one: [] });
		}
		await measure(run, measured);
		report(run, measured);
	} catch (error) {
		run.failed("cluster", "amqp", error);
	} finally {
		await Promise.all(measured.map(({ pair }) => pair.stop()));
		await server?.close();
	}
}

async function measure(run: Run, measured: readonly Side[]): Promise<void> {
	const { rounds, quick, milliseconds } = run.options;
	for (const { pair } of measured) await pair.measure(calls(64, quick ? 300 : 2_000));
	for (let round = 1; round <= rounds; round++) {
		run.progress("cluster", `queues: round ${round} of ${rounds}`);
		for (let turn = 0; turn < turns; turn++) {
			const order = turn % 2 === 0 ? measured : measured.toReversed();
			for (const { pair, many } of order) many.push(await pair.measure(calls(64, milliseconds / turns)));
			for (const { pair, one } of order) one.push(await pair.measure(calls(1, milliseconds / turns / 4)));
		}
	}
}

function calls(concurrency: number, milliseconds: number): Task & { readonly type: "calls" } {
	return { type: "calls", work: "sum", concurrency, milliseconds };
}

function report(run: Run, measured: readonly Side[]): void {
	for (const { id, what, many, one } of measured) {
		run.figure("cluster", `queues calls ${id}`, `${what}, 64 at once`, "calls/s", many.map(rate));
		const latencies = one.map(({ p50us }) => p50us);
		run.figure("cluster", `queues p50 ${id}`, `${what}, 1 at once: p50`, "µs", latencies);
		const processor = `${what}, 64 at once: processor time of a call, client + server`;
		run.figure("cluster", `queues cpu ${id}`, processor, "µs", many.map(cpu));
	}
	const [amqp, bare] = measured;
	if (amqp === undefined || bare === undefined) return;
	const ratios = amqp.many.map((round, turn) => rate(round) / rate(bare.many[turn] ?? round));
	const unit = "× bare request and reply in the same turn";
	run.figure("cluster", "queues ratio", "through a queue of RabbitMQ, 64 at once", unit, ratios);
}

function rate({ calls: count, seconds }: Round): number {
	return count / seconds;
}

/** In microseconds, of client and server, without RabbitMQ. */
function cpu({ calls: count, cpuSeconds, serverCpuSeconds }: Round): number {
	return ((cpuSeconds + serverCpuSeconds) / count) * 1e6;
}
