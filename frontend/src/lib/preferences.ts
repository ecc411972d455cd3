import type { SettingsPage, SettingState } from "./api.gen";
import type { Commands } from "./commands";
import { Store } from "./store";
import { fixLook, fixMotion } from "./theme";
import { failure, type Failure, type Transport } from "./transport";

/** The settings as the server keeps them, and what the pages make of them. */
export class Preferences {
  readonly page = new Store<SettingsPage | undefined>(undefined);
  readonly error = new Store<Failure | undefined>(undefined);

  constructor(
    private readonly transport: Transport,
    private readonly commands: Commands,
  ) {}

  /** Reads them and applies them. The pages work with the defaults until then. */
  async load(): Promise<void> {
    try {
      this.take(await this.transport.get<SettingsPage>("settings"));
    } catch (error) {
      this.error.set(failure(error));
    }
  }

  /** Gives a setting a new value; throws the server's refusal. */
  async set(name: string, value: unknown): Promise<void> {
    this.take(await this.transport.post<SettingsPage>("settings/set", {}, { name, value }));
  }

  /** Gives a setting its default again; "" all of them. */
  async reset(name: string): Promise<void> {
    this.take(await this.transport.post<SettingsPage>("settings/reset", {}, { name }));
  }

  find(name: string): SettingState | undefined {
    return this.page.get()?.settings?.find((s) => s.name === name);
  }

  on(name: string): boolean {
    return this.find(name)?.value === true;
  }

  number(name: string): number {
    const value = this.find(name)?.value;
    return typeof value === "number" ? value : 0;
  }

  /** The keys that were changed, by command. */
  bindings(): Record<string, string[]> {
    return readBindings(this.find("keys.bindings")?.value);
  }

  private take(page: SettingsPage): void {
    this.page.set(page);
    this.error.set(undefined);
    const look = this.find("look.mode")?.value;
    fixLook(look === "light" || look === "dark" ? look : "system");
    fixMotion(this.find("look.motion")?.value === "less");
    this.commands.bind(this.bindings());
  }
}

/** Takes what the server kept for changed keys; anything else is none. */
export function readBindings(value: unknown): Record<string, string[]> {
  const out: Record<string, string[]> = {};
  if (typeof value !== "object" || value === null) return out;
  for (const [id, keys] of Object.entries(value)) {
    if (Array.isArray(keys)) out[id] = keys.filter((k): k is string => typeof k === "string");
  }
  return out;
}
