import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { allium, commands, contract, decider, event, memoryRegistry, method } from "./index.ts";

const Account = contract("account", {
	deposit: method({ input: z.object({ account: z.string() }) }),
	deposited: event({ key: "account", data: z.object({ account: z.string() }) }),
});
const ledger = decider(Account, {
	id: "account",
	initial: 0,
	decide: { deposit: (input) => Account.deposited(input) },
	evolve: { deposited: (count) => count + 1 },
});

test.each(["sqlite:", "sqlite://"])(
	"events are not relayed where store and broker turn out to be one place, here by %s and another URL",
	async (scheme) => {
		const folder = await mkdtemp(join(tmpdir(), "allium-bank-"));
		onTestFinished(() => rm(folder, { recursive: true }));
		const lines: string[] = [];
		const app = allium({
			name: "bank",
			registry: memoryRegistry(),
			eventStore: `sqlite:${folder}`,
			broker: `${scheme}${folder}`,
			env: {},
			logger: { log: (_level, message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`) },
		});
		app.serve(Account, commands(app.events, ledger));
		await app.start();
		await app.stop();
		expect(lines.filter((line) => line.includes('"group":"relay"'))).toEqual([]);
	},
);
