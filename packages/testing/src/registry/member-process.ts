import type { ServiceProcess } from "../service-process.ts";
import { runProgram } from "../suite/suite-program.ts";
import type { RegistrySetup } from "./registry-setup.ts";

/** The instance that the process registers. */
export interface MemberOptions {
	readonly id: string;
	readonly ttlMs: number;
	/** How far its clock is off, in milliseconds. */
	readonly skewMs: number;
}

/** A separate process that registers an instance, and watches. */
export class MemberProcess implements AsyncDisposable {
	readonly #process: ServiceProcess;

	private constructor(process: ServiceProcess) {
		this.#process = process;
	}

	static start(
		{ module, url }: NonNullable<RegistrySetup["program"]>,
		{ id, ttlMs, skewMs }: MemberOptions,
	): MemberProcess {
		const args = [module, url, id, String(ttlMs), String(skewMs)];
		return new MemberProcess(runProgram(import.meta.url, "./registry-member", args));
	}

	/** Resolves when it is registered and has its first snapshot. */
	get ready(): Promise<unknown> {
		return this.#process.says(/^snapshot/m);
	}

	/** The events that it received, as short text: `snapshot a b`, `up a`, `down a`. */
	get told(): string[] {
		return this.#process.output.split("\n").filter((line) => /^(snapshot|up|down)\b/.test(line));
	}

	/** Kills it. */
	async kill(): Promise<void> {
		this.#process.signal("SIGKILL");
		await this.#process.ended();
	}

	/** Suspends it until `resume`. */
	suspend(): void {
		this.#process.signal("SIGSTOP");
	}

	resume(): void {
		this.#process.signal("SIGCONT");
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#process[Symbol.asyncDispose]();
	}
}
