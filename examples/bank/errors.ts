// The errors of this bank. Each method declares those that it passes to its caller. The others stay inside.
import type { ErrorSpec } from "allium";
import * as z from "zod";

export const unknown_account = {
	code: "not_found",
	message: "there is no such account",
} as const satisfies ErrorSpec;

export const unknown_card = {
	code: "not_found",
	message: "there is no such card",
} as const satisfies ErrorSpec;

export const card_frozen = {
	code: "permission_denied",
	message: "the card is frozen",
} as const satisfies ErrorSpec;

export const insufficient_funds = {
	code: "failed_precondition",
	message: "there is not enough money on the account",
	data: z.object({ available: z.int() }),
} as const satisfies ErrorSpec;

export const id_reused = {
	code: "already_exists",
	message: "this id belongs to another movement of money",
} as const satisfies ErrorSpec;

export const same_account = {
	code: "invalid_argument",
	message: "the money would go to the account that it comes from",
} as const satisfies ErrorSpec;

export const unknown_transfer = {
	code: "not_found",
	message: "there is no such transfer",
} as const satisfies ErrorSpec;
