import { Context } from "@allium/core";
import type { EventStore } from "@allium/core/store";
import type { ServiceProcess } from "../service-process.ts";
import { BackendLab, type BackendSetup } from "../suite/backend-lab.ts";
import { runFile } from "../suite/suite-program.ts";

/** The backend that one test of schedules runs against. */
export interface ScheduleSetup extends BackendSetup<EventStore> {
	/**
	 * A program that runs the app `app` with the schedule `often` on the event store of its argument: each second it
	 * prints `ran` and the time in ISO 8601. It prints `ready` once the app has started, and ends on SIGTERM.
	 */
	readonly program: URL;
	/** The argument of the program: the URL of the event store. */
	readonly url: string;
}

/** The event store of one test, and the processes of an app with a schedule. */
export class ScheduleLab extends BackendLab<EventStore, ScheduleSetup> {
	#processes: ServiceProcess[] = [];

	/** Starts a process of the app. */
	async start(): Promise<ServiceProcess> {
		const { program, url } = this.setup;
		const started = runFile(program, [url]);
		this.#processes.push(started);
		await started.says(/^ready$/m);
		return started;
	}

	/** The times that the processes ran, those of dead processes, too, in the order of the times. */
	get ran(): readonly string[] {
		return this.#processes.flatMap(ranBy).sort();
	}

	/** The times in the stream of the schedule. */
	async recorded(store: EventStore): Promise<readonly string[]> {
		const { events } = await store.read("schedule/app/often", { limit: 1_000 }, Context.background());
		return events.map(({ event }) => (event.data as { readonly at: string }).at);
	}

	override async end(): Promise<void> {
		const processes = this.#processes;
		this.#processes = [];
		for (const each of processes) await each[Symbol.asyncDispose]();
		await super.end();
	}
}

/** The times that a process ran. */
export function ranBy({ output }: ServiceProcess): string[] {
	return Array.from(output.matchAll(/^ran (\S+)$/gm), ([, at = ""]) => at);
}
