import { readdirSync, readFileSync } from "node:fs";
import type { Helper } from "../stack.ts";

/** Where NATS usually is. */
export const natsUrl: string = process.env.NATS_URL ?? "nats://127.0.0.1:4222";

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
