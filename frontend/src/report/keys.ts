import { Commands } from "../lib/commands";

/** The commands of the page: the same keys as in Loci. */
export const commands = new Commands();
