import "reflect-metadata";
import { BadRequestException, Controller, Module, type PipeTransform } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import {
	ClientProxyFactory,
	MessagePattern,
	type MicroserviceOptions,
	Payload,
	Transport,
} from "@nestjs/microservices";
import { firstValueFrom } from "rxjs";
import type * as z from "zod";
import type { Stack } from "../stack.ts";
import { freePort } from "./listen.ts";
import { ConcatInput, concat, SumInput, sum } from "./work.ts";

/** The zod pipe from the documentation of Nest. */
class ZodValidationPipe implements PipeTransform {
	readonly #schema: z.ZodType;

	constructor(schema: z.ZodType) {
		this.#schema = schema;
	}

	transform(value: unknown): unknown {
		const { success, data } = this.#schema.safeParse(value);
		if (!success) throw new BadRequestException("Validation failed");
		return data;
	}
}

class AddController {
	sum(input: SumInput): { v: number } {
		return sum(input);
	}

	concat(input: ConcatInput): { v: string } {
		return concat(input);
	}
}

class AddModule {}

// The decorators are called by hand, because Node runs TypeScript without decorators.
for (const [name, schema] of [
	["sum", SumInput],
	["concat", ConcatInput],
] as const) {
	const descriptor = Object.getOwnPropertyDescriptor(AddController.prototype, name);
	MessagePattern(name)(AddController.prototype, name, descriptor as PropertyDescriptor);
	Payload(new ZodValidationPipe(schema))(AddController.prototype, name, 0);
}
Controller()(AddController);
Module({ controllers: [AddController] })(AddModule);

const nestTcp: Stack = {
	name: "NestJS microservices TCP",

	async serve() {
		const port = await freePort();
		const app = await NestFactory.createMicroservice<MicroserviceOptions>(AddModule, {
			transport: Transport.TCP,
			options: { host: "127.0.0.1", port },
			logger: ["error", "warn"],
		});
		await app.listen();
		return { address: String(port), close: () => app.close() };
	},

	async connect(port) {
		const client = ClientProxyFactory.create({
			transport: Transport.TCP,
			options: { host: "127.0.0.1", port: Number(port) },
		});
		await client.connect();
		return {
			sum: (input) => firstValueFrom(client.send("sum", input)),
			concat: (input) => firstValueFrom(client.send("concat", input)),
			close: async () => void client.close(),
		};
	},
};

export default nestTcp;
