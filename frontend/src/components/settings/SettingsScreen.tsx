import { useEffect, useRef } from "react";
import { useApp } from "../../lib/app";
import { useCommands } from "../../lib/commands";
import { words } from "../../lib/filter-words";
import { plural } from "../../lib/format";
import { findCommands, knownCommands } from "../../lib/keymap";
import { leaveOnEscape } from "../../lib/search-field";
import type { SettingsRoute } from "../../lib/route";
import { useStore } from "../../lib/store";
import { Button } from "../common/Button";
import { Empty } from "../common/Empty";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { BinPart } from "./BinPart";
import { FolderPart } from "./FolderPart";
import { KeysPart } from "./KeysPart";
import { PrivacyPart } from "./PrivacyPart";
import { SecretsPart } from "./SecretsPart";
import { SettingField } from "./SettingField";
import "../../styles/settings.css";

/** Everything that may be set about Loci itself, with a search over names and texts. */
export default function SettingsScreen({ route }: { route: SettingsRoute }) {
  const app = useApp();
  const page = useStore(app.preferences.page);
  const error = useStore(app.preferences.error);
  const commands = useStore(app.commands.all);
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => app.heading.set({ title: "Settings", saved: 0 }), [app]);
  useEffect(() => void app.preferences.load(), [app]);
  useCommands(app.commands, [
    {
      id: "settings-search",
      title: "Search the settings",
      group: "Settings",
      keys: ["/"],
      run: () => search.current?.focus(),
    },
  ]);
  if (!page && error)
    return (
      <div className="page">
        <h1>Settings</h1>
        <FailureBox
          failure={error}
          what="the settings could not be read; every one has its default meanwhile"
          onRetry={() => void app.preferences.load()}
        />
      </div>
    );
  if (!page)
    return (
      <div className="page">
        <h1>Settings</h1>
        <Loading what="the settings" lines={8} />
      </div>
    );
  const all = page.settings ?? [];
  const found = all.filter((s) => words(route.query, `${s.title} ${s.doc} ${s.group} ${s.name}`));
  const shows = (text: string) => words(route.query, text);
  const changed = all.filter((s) => s.changed_ms > 0).length;
  const parts = {
    keys: findCommands(route.query, knownCommands(commands)).length > 0,
    folders: shows("folders data where move disk"),
    secrets: shows("secrets keys passwords passphrase"),
    bin: shows("bin deleted runs restore empty"),
    privacy: shows("privacy what is sent where"),
  };
  const nothing = found.length === 0 && !Object.values(parts).some(Boolean);
  return (
    <div className="page settings">
      <div className="page-head">
        <h1>Settings</h1>
        <p className="lead">
          {changed === 0
            ? "All defaults: nothing is needed to begin."
            : `${plural(changed, "setting differs", "settings differ")} from the default.`}
        </p>
      </div>
      <div className="settings-tools">
        <input
          ref={search}
          type="search"
          aria-label="Search the settings"
          placeholder="Search the settings"
          value={route.query}
          onChange={(e) => app.navigation.change({ ...route, query: e.target.value })}
          onKeyDown={leaveOnEscape}
        />
        <Button
          disabled={changed === 0}
          onClick={() => {
            const before = all.filter((s) => s.changed_ms > 0);
            void app.preferences.reset("").then(() =>
              app.notice("all settings have their default again", {
                label: "Undo",
                run: () => before.forEach((s) => void app.preferences.set(s.name, s.value)),
              }),
            );
          }}
        >
          Reset all
        </Button>
      </div>
      {(page.aside ?? []).map((text) => (
        <p key={text} className="settings-aside" role="status">
          ~ {text}
        </p>
      ))}
      {nothing && <Empty text={`No setting speaks of “${route.query}”.`} />}
      {(page.groups ?? []).map((group) => {
        const fields = found.filter((s) => s.group === group.name && s.kind !== "keys");
        const extra = group.name === "keys" ? parts.keys : group.name === "privacy" && parts.privacy;
        if (fields.length === 0 && !extra) return null;
        return (
          <section key={group.name} aria-labelledby={`group-${group.name}`}>
            <h2 id={`group-${group.name}`}>{group.title}</h2>
            <p className="fine">{group.doc}</p>
            {fields.map((s) => (
              <SettingField key={s.name} setting={s} />
            ))}
            {group.name === "keys" && parts.keys && <KeysPart query={route.query} />}
            {group.name === "privacy" && parts.privacy && <PrivacyPart />}
          </section>
        );
      })}
      {parts.secrets && <SecretsPart />}
      {parts.folders && <FolderPart />}
      {parts.bin && <BinPart />}
    </div>
  );
}
