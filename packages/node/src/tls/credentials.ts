import { readFileSync } from "node:fs";
import type { SecureContext, SecureContextOptions } from "node:tls";
import { type Logger, ServiceError, silentLogger } from "@allium/core";
import { checkDuration } from "@allium/core/transport";
import { tls } from "../platform/builtins.ts";
import type { TlsOptions } from "./tls-options.ts";

/** The oldest accepted version of TLS, in either direction. */
const minVersion = "TLSv1.2";

const defaultReloadMs = 1_000;

/** The names of the three PEM texts in messages: in words, in code, in the environment. */
const names = {
	cert: ["certificate", "tls.cert", "ALLIUM_TLS_CERT"],
	key: ["private key", "tls.key", "ALLIUM_TLS_KEY"],
	ca: ["authorities", "tls.ca", "ALLIUM_TLS_CA"],
} as const;

type Part = keyof typeof names;

/**
 * Certificate, key and authorities, kept as fresh as their files. The files are checked when a connection begins, at
 * most once within an interval, so there is no timer to end. New files that cannot be used are logged once, and the old
 * ones stay in use.
 */
export class Credentials {
	readonly #options: TlsOptions;
	readonly #trustsPublic: boolean;
	readonly #logger: Logger;
	readonly #reloadMs: number;
	#texts: string;
	#pem: SecureContextOptions;
	/** Without files nothing can be wrong with it, so it is made when it is first needed. */
	#context: SecureContext | undefined;
	#nextLookAt: number;

	/**
	 * @param trustsPublic whether `context` trusts the authorities that Node trusts in addition to the authorities of the
	 * options. Default: false.
	 * @throws ServiceError `failed_precondition` when a file cannot be read, or the files do not fit together;
	 * RangeError when `reloadMs` is NaN or negative.
	 */
	constructor(options: TlsOptions, logger: Logger = silentLogger, trustsPublic = false) {
		this.#options = options;
		this.#trustsPublic = trustsPublic;
		this.#logger = logger;
		this.#reloadMs = checkDuration("reloadMs of tls", options.reloadMs ?? defaultReloadMs);
		this.#pem = read(options);
		this.#texts = JSON.stringify(this.#pem);
		if (isGiven(this.#pem)) this.#context = this.#contextOf(this.#pem);
		this.#nextLookAt = performance.now() + this.#reloadMs;
	}

	/** The context for connections that begin now. It is another object when the files have changed. */
	get context(): SecureContext {
		this.#look();
		this.#context ??= this.#contextOf(this.#pem);
		return this.#context;
	}

	/** The same as options of a server. */
	get pem(): SecureContextOptions {
		this.#look();
		return this.#pem;
	}

	#look(): void {
		const now = performance.now();
		if (now < this.#nextLookAt) return;
		this.#nextLookAt = now + this.#reloadMs;
		try {
			this.#reload();
		} catch (error) {
			const message = `new TLS files are not used, the old ones stay: ${(error as Error).message}`;
			this.#logger.log("error", message);
		}
	}

	#reload(): void {
		let texts: string;
		let pem: SecureContextOptions;
		try {
			pem = read(this.#options);
			texts = JSON.stringify(pem);
		} catch (error) {
			// A fault is logged when it begins, not at every check.
			texts = (error as Error).message;
			if (texts === this.#texts) return;
			this.#texts = texts;
			throw error;
		}
		if (texts === this.#texts) return;
		this.#texts = texts;
		this.#context = this.#contextOf(pem);
		this.#pem = pem;
		this.#logger.log("info", "new TLS files are in use");
	}

	#contextOf(pem: SecureContextOptions): SecureContext {
		if (!this.#trustsPublic || typeof pem.ca !== "string") return contextOf(pem);
		return contextOf({ ...pem, ca: [...tls().getCACertificates("default"), pem.ca] });
	}
}

function read(options: TlsOptions): SecureContextOptions {
	const { cert, key } = options;
	if ((cert === undefined) !== (key === undefined)) {
		const [given, missing] = cert === undefined ? (["key", "cert"] as const) : (["cert", "key"] as const);
		throw wrong(`${called(given)} needs ${called(missing)}; set both or none`);
	}
	const pem: SecureContextOptions = { minVersion };
	for (const part of ["cert", "key", "ca"] as const) {
		const value = options[part];
		if (value !== undefined) pem[part] = readPem(part, value);
	}
	return pem;
}

function isGiven({ cert, key, ca }: SecureContextOptions): boolean {
	return cert !== undefined || key !== undefined || ca !== undefined;
}

function readPem(part: Part, value: string): string {
	const text = value.trimStart().startsWith("-----BEGIN") ? value : readFile(part, value);
	const expected = part === "key" ? "PRIVATE KEY-----" : "CERTIFICATE-----";
	if (text.includes(expected)) return text;
	throw wrong(`${called(part)} holds no PEM text with "${expected}"`);
}

function readFile(part: Part, path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (cause) {
		const { code } = cause as NodeJS.ErrnoException;
		const reason =
			code === "ENOENT"
				? "does not exist"
				: code === "EACCES"
					? "may not be read by this process"
					: `cannot be read (${code})`;
		throw wrong(`${called(part)} names ${path}, which ${reason}; give the path of a PEM file`, cause);
	}
}

function contextOf(pem: SecureContextOptions): SecureContext {
	try {
		return tls().createSecureContext(pem);
	} catch (cause) {
		const { code, message } = cause as NodeJS.ErrnoException;
		throw wrong(
			code === "ERR_OSSL_X509_KEY_VALUES_MISMATCH"
				? `${called("key")} does not belong to ${called("cert")}; give the key that the certificate was made for`
				: `the TLS files cannot be used: ${message}`,
			cause,
		);
	}
}

function called(part: Part): string {
	const [word, option, variable] = names[part];
	return `the TLS ${word} (${option}, ${variable})`;
}

function wrong(message: string, cause?: unknown): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		reason: "invalid_configuration",
		message,
		cause,
	});
}
