import type { TargetsPage } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { useResource } from "../../lib/resource";
import { targets } from "../../lib/route";
import { FailureBox } from "../common/FailureBox";
import { RouteLink } from "../common/RouteLink";

/** What is sent where: nothing, or what each target that was set up receives. */
export function PrivacyPart() {
  const app = useApp();
  const read = useResource("targets", (signal) => app.transport.get<TargetsPage>("targets", {}, signal));
  const set = read.data?.targets ?? [];
  const sends = new Map((read.data?.kinds ?? []).map((k) => [k.name, k.sends]));
  return (
    <div className="setting-wide">
      <h3>What is sent where</h3>
      {read.error && (
        <FailureBox failure={read.error} what="the targets could not be read" onRetry={read.reload} />
      )}
      {read.data && set.length === 0 && (
        <p>
          Nothing is sent anywhere: no target is set up. The pages speak to the program on this computer alone
          and load no font, script or picture from elsewhere.
        </p>
      )}
      {set.length > 0 && (
        <div className="table-wrap" tabIndex={0} role="region" aria-label="What is sent where">
          <table>
            <thead>
              <tr>
                <th scope="col">target</th>
                <th scope="col">address</th>
                <th scope="col">what a run that names it sends there</th>
              </tr>
            </thead>
            <tbody>
              {set.map((t) => (
                <tr key={t.name}>
                  <td>
                    <RouteLink to={{ ...targets, name: t.name }}>{t.name}</RouteLink>
                  </td>
                  <td>
                    <code>{t.values?.["url"]}</code>
                    {t.here && <span className="fine"> on this computer</span>}
                  </td>
                  <td>{sends.get(t.kind)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="fine">
        The first address of the browser carries a token; other hosts and origins are refused and told why.
      </p>
    </div>
  );
}
