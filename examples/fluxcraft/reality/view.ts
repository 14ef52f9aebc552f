import { documents, fold } from "allium";
import { Games } from "../commands/contract.ts";
import { noGame, rules } from "../commands/rules.ts";

/** The state of each game, made from its events. */
export const reality = documents("reality", { version: 1, initial: noGame }, fold(Games, rules.evolve));
