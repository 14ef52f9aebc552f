import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { appIdentity, errorText } from "@allium/core";
import { Authority } from "@allium/node/certificates";
import { CommandError, usageError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";

const dayMs = 86_400_000;

/** The app that gets a certificate. */
export interface Holder {
	readonly namespace: string;
	readonly app: string;
	/** Host names and addresses, besides those of this machine. */
	readonly hosts: readonly string[];
	/** How long it is valid, in days; at most as long as its authority. */
	readonly days: number;
}

const thisMachine = ["localhost", "127.0.0.1", "::1"];

/** The mode of secret files: only their owner may read them. */
const secretMode = 0o600;
const openMode = 0o644;

/** The folder of an authority. The files of each app with a certificate lie in a folder below it. */
export class AuthorityFolder {
	readonly path: string;
	/** The folder as the user wrote it, for messages. */
	readonly #shown: string;

	constructor(path: string, shown: string) {
		this.path = path;
		this.#shown = shown;
	}

	/**
	 * Makes an authority.
	 *
	 * @param apps the apps that will get certificates next.
	 * @param replaces whether existing files are replaced.
	 * @throws CommandError if there are some already.
	 */
	init(days: number, apps: readonly string[], replaces: boolean): Authority {
		const files = [
			"ca.pem",
			"ca.key",
			...apps.flatMap((app) => [join(app, "cert.pem"), join(app, "key.pem")]),
		];
		const taken = files.find((file) => this.#has(file));
		if (!replaces && taken !== undefined) {
			throw usageError(
				`${join(this.#shown, taken)} is there already; --force replaces the authority, and then no certificate that it issued is worth anything.`,
			);
		}
		const authority = Authority.create({ validTo: inDays(days) });
		const { certificate, key } = authority.pair;
		const isNew = !existsSync(this.path);
		this.#write("", [
			...(isNew ? [{ name: ".gitignore", text: "*\n", mode: openMode }] : []),
			{ name: "ca.key", text: key, mode: secretMode },
			{ name: "ca.pem", text: certificate, mode: openMode },
		]);
		return authority;
	}

	/**
	 * Reads the authority.
	 *
	 * @throws CommandError if there is none that can be used.
	 */
	open(): Authority {
		if (!this.#has("ca.pem") || !this.#has("ca.key")) {
			throw usageError(`${this.#shown} has no authority (ca.pem and ca.key).`, [
				`Make one with: allium tls init ${this.#shown}`,
			]);
		}
		const text = (name: string): string => readFileSync(join(this.path, name), "utf8");
		try {
			return new Authority({ certificate: text("ca.pem"), key: text("ca.key") });
		} catch (error) {
			throw new CommandError(
				`${this.#shown} has an authority that cannot issue certificates: ${errorText(error)}.`,
				exitCode.failed,
				{ hints: [`allium tls init ${this.#shown} --force makes another one.`] },
			);
		}
	}

	/**
	 * Issues a certificate for an app, into the folder of its name.
	 *
	 * @param replaces whether an existing certificate is replaced.
	 * @returns the folder.
	 * @throws CommandError if there is one already.
	 */
	issue(authority: Authority, holder: Holder, replaces: boolean): string {
		const { app } = holder;
		if (!replaces && (this.#has(app, "cert.pem") || this.#has(app, "key.pem"))) {
			throw usageError(
				`${join(this.#shown, app)} has a certificate already; --force replaces it, which running processes notice by themselves.`,
			);
		}
		const { certificate, key } = authority.issue({
			name: app,
			names: [appIdentity(holder), ...new Set([...thisMachine, ...holder.hosts])],
			validTo: inDays(holder.days),
		});
		// The certificate is written last, because a process looks for it.
		this.#write(app, [
			{ name: "ca.pem", text: authority.pair.certificate, mode: openMode },
			{ name: "key.pem", text: key, mode: secretMode },
			{ name: "cert.pem", text: certificate, mode: openMode },
		]);
		return join(this.path, app);
	}

	#has(...path: readonly string[]): boolean {
		return existsSync(join(this.path, ...path));
	}

	/** Writes files, each atomically, so that no process reads half of one. */
	#write(below: string, files: readonly { name: string; text: string; mode: number }[]): void {
		const folder = join(this.path, below);
		mkdirSync(folder, { recursive: true, mode: 0o700 });
		for (const { name, text, mode } of files) {
			const path = join(folder, name);
			const draft = `${path}.new`;
			// A draft of an earlier run may have another mode.
			rmSync(draft, { force: true });
			writeFileSync(draft, text, { mode, flag: "wx" });
			renameSync(draft, path);
		}
	}
}

function inDays(days: number): Date {
	return new Date(Date.now() + days * dayMs);
}
