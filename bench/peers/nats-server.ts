import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Helper } from "../stack.ts";

/** Where NATS usually is. */
export const natsUrl: string = process.env.NATS_URL ?? "nats://127.0.0.1:4222";

/** Fails at once where nobody listens: some clients would try for ever. */
export function requireNats(): Promise<void> {
	const { hostname, port } = new URL(natsUrl);
	return new Promise((resolve, reject) => {
		const socket = connect(Number(port || 4222), hostname, () => {
			socket.destroy();
			resolve();
		});
		socket.on("error", ({ message }) => reject(new Error(`no NATS at ${natsUrl}: ${message}`)));
	});
}

/** The processes of the NATS server of this machine, whose work is part of each call; none where it cannot be told. */
export function natsServer(): Helper[] {
	try {
		return readdirSync("/proc")
			.filter((name) => /^\d+$/.test(name) && commandOf(name) === "nats-server")
			.map((name) => ({ pid: Number(name), pin: false }));
	} catch {
		return [];
	}
}

function commandOf(pid: string): string | undefined {
	try {
		return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
	} catch {
		return undefined;
	}
}
