import type { GroupSpec } from "@allium/core/event";
import { expect } from "vitest";
import type { ServiceProcess } from "../service-process.ts";
import { pause } from "../suite/eventually.ts";
import { runProgram } from "../suite/suite-program.ts";
import { type BrokerLab, rewards } from "./broker-lab.ts";

/** How long nothing is handled until a suspended process is taken for one that holds a lock, in milliseconds. */
const stuckMs = 10_000;
/** How long a write to a file takes at most, in milliseconds. */
const writeMs = 50;

/** The options of a consumer process, which it gets as JSON. */
export interface ProgramFacts {
	readonly module: string;
	readonly url: string;
	readonly spec: Omit<GroupSpec, "from">;
	readonly ttlMs: number;
	/** How long a handler takes, in milliseconds. */
	readonly handleMs: number;
	/** How far the clock of the process is ahead, in milliseconds. */
	readonly clockMs: number;
	/** The id of an event that ends the process at once, as kill -9 does. */
	readonly deadlyId?: string | undefined;
}

/** Separate processes that work on the group of a test. The suite can kill and suspend them. */
export class GroupProcesses {
	readonly #lab: BrokerLab;
	readonly #processes: ServiceProcess[] = [];

	/** The processes end with the test. */
	constructor(lab: BrokerLab) {
		this.#lab = lab;
		lab.closing({
			close: async () => {
				for (const process of this.#processes) await process[Symbol.asyncDispose]();
			},
		});
	}

	/** Starts a process. Resolves when it works on the group. */
	async start(
		park: GroupSpec["park"],
		{ ttlMs = this.#lab.setup.ttlMs, handleMs = 0, clockMs = 0, deadlyId }: Partial<ProgramFacts> = {},
	): Promise<ServiceProcess> {
		const { module, url } = this.#lab.setup.program ?? expect.unreachable();
		const handles = { started: 1, ended: 1 };
		const spec = { ...rewards, handles, concurrency: 16, bytes: 4 * 1024 * 1024, each: false, park };
		const facts: ProgramFacts = { module, url, spec, ttlMs, handleMs, clockMs, deadlyId };
		const process = runProgram(import.meta.url, "./broker-program", [JSON.stringify(facts)]);
		this.#processes.push(process);
		await process.says(/^ready$/m);
		return process;
	}

	/** The ids of all handled events in the order of time. An event that was handled twice comes twice. */
	handled(processes: readonly ServiceProcess[] = this.#processes): string[] {
		const lines = processes.flatMap(({ output }) => [...output.matchAll(/^handled (\S+) (\d+)$/gm)]);
		const inTime = lines.map(([, id = "", time]) => ({ id, time: Number(time) }));
		return inTime.sort((one, other) => one.time - other.time).map(({ id }) => id);
	}

	/** How many times an event was handled again. */
	get repeats(): number {
		const handled = this.handled();
		return handled.length - new Set(handled).size;
	}

	/**
	 * Waits until all events were handled, and expects that the events of each key were first handled in order.
	 *
	 * @param suspended a process that is suspended meanwhile. If that hit it in the middle of a write to a file, its lock
	 * holds up the others: it then goes on for a moment, and is suspended again.
	 */
	async handledInOrder(
		ids: ReadonlyMap<string, readonly string[]>,
		suspended?: ServiceProcess,
	): Promise<void> {
		const all = [...ids.values()].flat();
		let count = 0;
		let movedAt = performance.now();
		await this.#lab.eventually(async () => {
			const handled = new Set(this.handled());
			if (handled.size > count || suspended === undefined) movedAt = performance.now();
			else if (performance.now() - movedAt > stuckMs) {
				suspended.signal("SIGCONT");
				await pause(writeMs);
				suspended.signal("SIGSTOP");
				movedAt = performance.now();
			}
			count = handled.size;
			expect(all.filter((id) => !handled.has(id))).toEqual([]);
		}, 20);
		const first = [...new Set(this.handled())];
		for (const ofKey of ids.values()) expect(first.filter((id) => ofKey.includes(id))).toEqual(ofKey);
	}
}
