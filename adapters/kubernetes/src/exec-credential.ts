import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { errorText } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import type { ClusterCredentials } from "./cluster.ts";

/** How long the program may take, in milliseconds. */
const patienceMs = 30_000;
/** The most that it may print, in bytes. */
const maxBytes = 1024 * 1024;
/** How long before their end credentials are asked for again, in milliseconds. */
const aheadMs = 60_000;

/** The program of a kubeconfig that prints credentials, such as `aws eks get-token`. */
export interface ExecCommand {
	readonly command: string;
	readonly apiVersion: string;
	readonly args: readonly string[];
	readonly env: Readonly<Record<string, string>>;
	/** How to install it, as the kubeconfig says. */
	readonly installHint: string | undefined;
}

/** Credentials that a program prints, kept until they run out. */
export class ExecCredential {
	readonly #command: ExecCommand;
	readonly #folder: string;
	#known: ClusterCredentials | undefined;
	/** When they run out, by the clock of this machine, which the program's answer refers to. */
	#until = 0;

	/** @param folder the folder of the kubeconfig, where a relative path of the program begins. */
	constructor(command: ExecCommand, folder: string) {
		this.#command = command;
		this.#folder = folder;
	}

	/**
	 * Runs the program, unless its last answer still holds.
	 *
	 * @param wasRefused whether the server refused the last answer.
	 * @throws ServiceError `failed_precondition` when it is not installed, fails or prints no credentials.
	 */
	async get(wasRefused: boolean): Promise<ClusterCredentials> {
		if (this.#known !== undefined && !wasRefused && Date.now() < this.#until - aheadMs) return this.#known;
		const status = await this.#run();
		const until =
			typeof status.expirationTimestamp === "string" ? Date.parse(status.expirationTimestamp) : Number.NaN;
		this.#until = Number.isNaN(until) ? Number.POSITIVE_INFINITY : until;
		this.#known = {
			token: text(status.token),
			cert: text(status.clientCertificateData),
			key: text(status.clientKeyData),
		};
		return this.#known;
	}

	#run(): Promise<Readonly<Record<string, unknown>>> {
		const { command, apiVersion, args, env, installHint } = this.#command;
		const program = command.includes("/") ? resolve(this.#folder, command) : command;
		const info = JSON.stringify({ apiVersion, kind: "ExecCredential", spec: { interactive: false } });
		const options = {
			env: { ...process.env, ...env, KUBERNETES_EXEC_INFO: info },
			timeout: patienceMs,
			maxBuffer: maxBytes,
		};
		return new Promise((settle, reject) => {
			const child = execFile(program, args, options, (error, stdout) => {
				const status = error === null ? statusOf(stdout) : undefined;
				if (status !== undefined) return settle(status);
				const why = error === null ? "it printed no ExecCredential" : (errorText(error).split("\n")[0] ?? "");
				const hint = installHint === undefined ? "" : `; ${installHint.trim()}`;
				reject(refusal(`${command}, which the kubeconfig names for credentials, failed: ${why}${hint}`));
			});
			child.stdin?.end();
		});
	}
}

function statusOf(stdout: string): Readonly<Record<string, unknown>> | undefined {
	try {
		const credential: unknown = JSON.parse(stdout);
		if (typeof credential !== "object" || credential === null || !("status" in credential)) return undefined;
		const { status } = credential;
		return typeof status === "object" && status !== null ? { ...status } : undefined;
	} catch {
		return undefined;
	}
}

function text(value: unknown): string | undefined {
	return typeof value === "string" && value !== "" ? value : undefined;
}
