import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ServiceProcess } from "@allium/testing/process";
import { verifyWebhook } from "allium";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";

const patience = { timeout: 30_000 };
const services = ["auth", "webhooks", "api"];
const Registered = z.object({ webhook: z.object({ id: z.string(), url: z.string(), secret: z.string() }) });

interface Post {
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}

let folder: string;
let processes: ServiceProcess[] = [];
let url: string;
let posts: Post[];
/** The status that a path answers to the first two posts; 410 applies to all posts. Default: 200. */
let statuses: Record<string, number>;

const receiver = createServer(async (request, response) => {
	const { url: path = "", headers } = request;
	posts.push({ path, headers, body: await text(request) });
	const status = statuses[path] ?? 200;
	response.writeHead(status === 410 || postsTo(path).length <= 2 ? status : 200).end();
});
const hook = (path: string): string => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${path}`;
const postsTo = (path: string): Post[] => posts.filter((post) => post.path === path);

beforeAll(async () => {
	await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
	folder = await mkdtemp(join(tmpdir(), "allium-webhooks-"));
	const env = { ALLIUM_REGISTRY: `sqlite://${folder}`, ALLIUM_BROKER: `sqlite://${folder}` };
	processes = services.map((name) =>
		ServiceProcess.run(new URL(`services/${name}/main.ts`, import.meta.url).pathname, { env }),
	);
	await Promise.all(processes.map((each) => each.says(/ is ready url=\S+ /)));
	url = processes[services.indexOf("api")]?.url ?? "";
});

afterAll(async () => {
	await Promise.all(processes.map((each) => each[Symbol.asyncDispose]()));
	receiver.closeAllConnections();
	await new Promise((resolve) => receiver.close(resolve));
	await rm(folder, { recursive: true });
});

beforeEach(() => {
	posts = [];
	statuses = {};
});

function ask(method: string, path: string, body?: unknown, token = "token-ann"): Promise<Response> {
	return fetch(url + path, {
		method,
		headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
		...(body !== undefined && { body: JSON.stringify(body) }),
	});
}

async function register(path: string): Promise<z.infer<typeof Registered>["webhook"]> {
	const answer = await ask("POST", "/webhooks", { account_id: "acc_ann", url: hook(path) });
	expect(answer.status).toBe(200);
	return Registered.parse(await answer.json()).webhook;
}

async function pay(description: string): Promise<void> {
	const answer = await ask("POST", "/transactions", { account_id: "acc_ann", amount: -350, description });
	expect(answer.status).toBe(201);
}

describe("a webhook", () => {
	test("is registered, listed and deleted by the owner of the account", async () => {
		const { secret: _, ...webhook } = await register("/listed");
		const list = async (): Promise<unknown> => (await ask("GET", "/webhooks?account_id=acc_ann")).json();
		expect(await list()).toEqual({ webhooks: [{ ...webhook, account_id: "acc_ann" }] });
		expect((await ask("DELETE", `/webhooks/${webhook.id}`)).ok).toBe(true);
		expect(await list()).toEqual({ webhooks: [] });
		expect((await ask("DELETE", `/webhooks/${webhook.id}`)).status).toBe(404);
	});

	test("is nothing to strangers, nor to other customers", async () => {
		const { id } = await register("/mine");
		const query = "/webhooks?account_id=acc_ann";
		expect((await ask("GET", query, undefined, "token-eve")).status).toBe(401);
		expect((await ask("GET", query, undefined, "token-ben")).status).toBe(403);
		expect((await ask("DELETE", `/webhooks/${id}`, undefined, "token-ben")).status).toBe(404);
		expect((await ask("DELETE", `/webhooks/${id}`)).ok).toBe(true);
	});

	test("gets each transaction of its account, signed with its secret", async () => {
		const { id, secret } = await register("/tea");
		await pay("tea");
		await expect.poll(() => postsTo("/tea"), patience).toHaveLength(1);
		const [post] = postsTo("/tea");
		const { headers, body } = post ?? { headers: {}, body: "" };
		expect(JSON.parse(body)).toMatchObject({
			type: "transaction.created",
			data: { account_id: "acc_ann", amount: -350, description: "tea" },
		});
		expect(verifyWebhook(headers, body, secret).id).toBe(JSON.parse(body).id);
		await ask("DELETE", `/webhooks/${id}`);
	});

	test("that fails is tried again under the same id, and what follows waits for it", async () => {
		statuses = { "/slow": 500 };
		const { id } = await register("/slow");
		await pay("one");
		await pay("two");
		await expect.poll(() => postsTo("/slow").length, patience).toBe(4);
		const texts = postsTo("/slow").map(({ body }) => JSON.parse(body).data.description);
		expect(texts).toEqual(["one", "one", "one", "two"]);
		const ids = postsTo("/slow").map(({ headers }) => headers["webhook-id"]);
		expect(new Set(ids).size).toBe(2);
		await ask("DELETE", `/webhooks/${id}`);
	});

	test("that wants no more is parked at once, and holds up no other", async () => {
		statuses = { "/gone": 410 };
		await register("/gone");
		await register("/here");
		await pay("one");
		await pay("two");
		await expect.poll(() => postsTo("/here").length, patience).toBe(2);
		const said = (): string => processes[services.indexOf("webhooks")]?.output ?? "";
		await expect.poll(said, patience).toMatch(/an event is parked/);
		expect(postsTo("/gone")).toHaveLength(1);
	});
});
