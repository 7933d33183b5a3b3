using Seguro.Node.Admin;
using Seguro.Node.Members;

namespace Seguro.Node.Dashboard;

/// <summary>The pages as HTML: whole without a script, which only puts in what changed.</summary>
static class DashboardPage
{
    private const int MostHistory = 20;

    /// <summary>The page of a member's ship.</summary>
    /// <param name="status">How it stands.</param>
    /// <param name="history">What changed, the oldest first.</param>
    /// <param name="mayAsk">Wishes are shown as forms.</param>
    /// <param name="mayEnter">The link to the token's form is shown.</param>
    /// <param name="refusal">Why the last wish was refused, and what to do.</param>
    public static string Ship(StatusReport status, IReadOnlyList<HistoryEntry> history, bool mayAsk, bool mayEnter, (string What, string Next)? refusal)
    {
        HtmlText html = new();
        Begin(html, status.Ship, refreshes: true);
        html.Add($"""<header><span>Seguro</span>""");
        if (mayAsk)
            html.Add($"""<form method="post" action="logout"><button>Leave</button></form>""");
        else if (mayEnter)
            html.Add($"""<a href="login">Enter the token to change something</a>""");
        html.Add($"""</header><main><p id="lost" class="bad" role="status">The member does not answer. What is shown is what it said last.</p>""");
        if (refusal is var (what, next))
            html.Add($"""<section role="alert"><h2 class="bad">It was not done</h2><p>{what}</p><p>{next}</p></section>""");
        html.Add($"""<div id="live">""");
        Live(html, status, history);
        html.Add($"""
            </div>
            <section id="plots" hidden><h2>Since this page was opened</h2><div class="plots">
            <figure id="rate"><figcaption>events <span></span></figcaption><svg viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true"><path/></svg></figure>
            <figure id="commit"><figcaption>commit, 99 % <span></span></figcaption><svg viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true"><path/></svg></figure>
            <figure id="release"><figcaption>arrival to release, 99 % <span></span></figcaption><svg viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true"><path/></svg></figure>
            </div></section>
            """);
        if (mayAsk)
            Wishes(html, status);
        html.Add($"""</main><footer>Seguro {status.Version} · <a href="status">status</a> · <a href="history">history</a> · <a href="metrics">metrics</a></footer><script src="dashboard.js" defer></script></body></html>""");
        return html.ToString();
    }

    /// <summary>The list of a node's ships, where it holds many: each has a page of its own.</summary>
    public static string Ships(FleetReport report)
    {
        HtmlText html = new();
        Begin(html, report.Node, refreshes: true);
        html.Add($"""<header><span>Seguro</span></header><main><section><h1>{report.Node}</h1><p>{report.Ships.Count} ships, {report.Ships.Count(static ship => !ship.Healthy)} not healthy</p>""");
        foreach (string warning in report.Warnings)
            html.Add($"""<p class="bad">{warning}</p>""");
        html.Add($"""<table><thead><tr><th>ship</th><th>role</th><th>master</th><th>term</th><th>event</th><th>stopped</th></tr></thead><tbody>""");
        foreach (ShipReport ship in report.Ships)
            html.Add($"""<tr><td><a href="ships/{ship.Ship}/">{ship.Ship}</a></td><td>{ship.Role}</td><td>{ship.Master}</td><td>{ship.Term}</td><td>{ship.Event}</td><td class="bad">{ship.Stopped ?? ""}</td></tr>""");
        html.Add($"""</tbody></table></section></main><footer>Seguro {report.Version} · <a href="ships">ships</a> · <a href="metrics">metrics</a></footer></body></html>""");
        return html.ToString();
    }

    /// <summary>The part that changes.</summary>
    public static string Live(StatusReport status, IReadOnlyList<HistoryEntry> history)
    {
        HtmlText html = new();
        Live(html, status, history);
        return html.ToString();
    }

    /// <summary>The form that asks for the token.</summary>
    /// <param name="isWrong">One was given, and was not right.</param>
    public static string Login(bool isWrong)
    {
        HtmlText html = new();
        Begin(html, "Enter", refreshes: false);
        html.Add($"""<main><h1>Seguro</h1><section><form method="post" action="login"><h2>Enter the token</h2>""");
        if (isWrong)
            html.Add($"""<p class="bad" role="alert">That is not the token.</p>""");
        html.Add($"""
            <p>It is in the file that <code>admin:token</code> names in the member's configuration.</p>
            <label>Token <input name="token" type="password" autocomplete="current-password" required autofocus></label><button>Enter</button></form></section></main></body></html>
            """);
        return html.ToString();
    }

    /// <summary>The page of a request that can't be answered.</summary>
    public static string Refused(string what, string next)
    {
        HtmlText html = new();
        Begin(html, "Refused", refreshes: false);
        html.Add($"""<main><h1>Seguro</h1><section role="alert"><p>{what}</p><p>{next}</p></section></main></body></html>""");
        return html.ToString();
    }

    private static void Begin(HtmlText html, string title, bool refreshes)
    {
        html.Add($"""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} · Seguro</title><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><link rel="stylesheet" href="dashboard.css">
            """);
        if (refreshes)
            html.Add($"""<noscript><meta http-equiv="refresh" content="5"></noscript>""");
        html.Add($"</head><body>");
    }

    private static void Live(HtmlText html, StatusReport status, IReadOnlyList<HistoryEntry> history)
    {
        html.Add($"""<div data-processed="{status.Processed.Event.ToString(System.Globalization.CultureInfo.InvariantCulture)}"><h1>{status.Ship} <span class="badge {(status.IsHealthy ? "good" : "bad")}">{Health(status)}</span></h1>""");
        html.Add($"""<p>This is {status.Name}, {status.Role}{(status.Role is "master" ? "" : status.Master.Length > 0 ? $"; {status.Master} is master" : "; nobody is master, as far as it knows")}. Term {status.Term}.</p>""");
        Troubles(html, status);
        Watermarks(html, status);
        Members(html, status);
        Facts(html, status);
        if (history.Count > 0)
        {
            html.Add($"""<section class="wide"><table><caption>What changed</caption><thead><tr><th scope="col">time (UTC)</th><th scope="col" class="number">term</th><th scope="col">what</th></tr></thead><tbody>""");
            foreach (HistoryEntry entry in history.TakeLast(MostHistory).Reverse())
                html.Add($"""<tr><td>{entry.Time}</td><td class="number">{entry.Term}</td><td>{entry.What}</td></tr>""");
            html.Add($"</tbody></table></section>");
        }
        html.Add($"</div>");
    }

    private static string Health(StatusReport status) => status switch
    {
        { Stopped: not null } => "stands still",
        { Hindrance: not null } => "nothing goes on",
        { IsMember: false } => "no member",
        { IsHealthy: false } => status.Role,
        { Warnings.Count: > 0 } => "healthy, with warnings",
        _ => "healthy",
    };

    private static void Troubles(HtmlText html, StatusReport status)
    {
        string?[] grave = [status.Stopped, status.Hindrance, status.Loss];
        if (Array.TrueForAll(grave, string.IsNullOrEmpty) && status.Pause is null && status.Warnings.Count == 0)
            return;
        html.Add($"""<section><h2>What to know now</h2><ul class="warnings">""");
        foreach (string? trouble in grave.Where(static trouble => !string.IsNullOrEmpty(trouble)))
            html.Add($"""<li class="bad">{trouble}</li>""");
        if (status.Pause is { } pause)
            html.Add($"<li>The cluster is paused: {pause}</li>");
        foreach (string warning in status.Warnings)
            html.Add($"<li>{warning}</li>");
        html.Add($"</ul></section>");
    }

    private static void Watermarks(HtmlText html, StatusReport status)
    {
        bool isMaster = status.Role is "master";
        html.Add($"""<section class="wide"><table><caption>Up to which event</caption><thead><tr><th scope="col">what</th><th scope="col" class="number">event</th><th scope="col" class="number">behind</th></tr></thead><tbody>""");
        ulong top = Math.Max(status.Processed.Event, Math.Max(status.Durable.Event, status.Committed.Event));
        Row("in this member's log", status.Durable.Event);
        Row(isMaster ? "computed" : "processed here", status.Processed.Event);
        Row("committed in the store", status.Committed.Event);
        int replicas = status.Optimism.Replicas;
        if (isMaster && replicas > 0)
        {
            ulong[] processed = [.. status.Replicas.Select(static replica => replica.Processed).OrderDescending()];
            Row($"processed by {replicas} {(replicas == 1 ? "replica" : "replicas")}", processed.Length >= replicas ? processed[replicas - 1] : 0);
        }
        Row("effects released", status.Released);
        html.Add($"</tbody></table>");
        if (status.Replaying > 0)
            html.Add($"<p>The ship computes what was in the log, up to event {status.Replaying}.</p>");
        html.Add($"</section>");

        void Row(string what, ulong number) => html.Add($"""<tr><th scope="row">{what}</th><td class="number">{number}</td><td class="number">{(top > number ? top - number : 0)}</td></tr>""");
    }

    private static void Members(HtmlText html, StatusReport status)
    {
        html.Add($"""<section class="wide"><table><caption>Members</caption><thead><tr><th scope="col">name</th><th scope="col">is</th><th scope="col" class="number">durable</th><th scope="col" class="number">processed</th><th scope="col">version</th></tr></thead><tbody>""");
        foreach (string name in status.Members)
        {
            html.Add($"""<tr><th scope="row">{name}</th>""");
            ReplicaReport? replica = status.Replicas.FirstOrDefault(one => one.Name == name);
            if (name == status.Name)
            {
                html.Add($"""<td>{status.Role}, this one{(status.Level is { } level ? $"; {level}" : "")}</td><td class="number">{status.Durable.Event}</td><td class="number">{status.Processed.Event}</td><td>{status.Version}</td>""");
            }
            else if (replica is not null)
            {
                html.Add($"""<td class="{(replica.Healthy ? "" : "bad")}">replica{(replica.Healthy ? "" : replica.Stopped is { } why ? ": " + why : ", not heard of, or behind")}</td><td class="number">{replica.Durable}</td><td class="number">{replica.Processed}</td>""");
                html.Add($"<td>{status.Versions.GetValueOrDefault(name, "")}</td>");
            }
            else
            {
                html.Add($"""<td>{(name == status.Master ? "master" : "replica")}{(status.Links.Contains(name) ? "" : ", no link")}</td><td class="number soft" colspan="2">{(status.Master.Length > 0 ? $"see {status.Master}'s page" : "no master knows")}</td><td>{status.Versions.GetValueOrDefault(name, "")}</td>""");
            }
            html.Add($"</tr>");
        }
        html.Add($"</tbody></table>");
        if (status.Asking.Count > 0)
            html.Add($"<p>Asks to be let in: {string.Join(", ", status.Asking)}.</p>");
        html.Add($"</section>");
    }

    private static void Facts(HtmlText html, StatusReport status)
    {
        html.Add($"<section><h2>How it is set up</h2><dl>");
        Fact("optimism", $"{status.Optimism.Replicas}; where replicas are lost: {status.Optimism.OnReplicaLoss}");
        Fact("store", status.Store);
        Fact("a commit", status.CommitMeans);
        if (status.WindowUsed is { } used)
            html.Add($"<dt>window in use</dt><dd>{used} bytes</dd>");
        html.Add($"<dt>waiting</dt><dd>{(long)status.Ingress} before the ship, {(long)status.Gated} at the gate</dd>");
        if (status.CertificatesUntil is { } until)
            html.Add($"<dt>certificates</dt><dd>good until {until} UTC</dd>");
        Fact("dropped", Counts(status.Dropped));
        Fact("refused", Counts(status.Refused));
        html.Add($"</dl></section>");

        void Fact(string name, string value)
        {
            if (value.Length > 0)
                html.Add($"<dt>{name}</dt><dd>{value}</dd>");
        }
    }

    private static string Counts(IReadOnlyDictionary<string, long> counts) =>
        string.Join(", ", counts.Where(static pair => pair.Value > 0).Select(static pair => FormattableString.Invariant($"{pair.Value:N0} {pair.Key}")));

    private static void Wishes(HtmlText html, StatusReport status)
    {
        html.Add($"""<section><h2>Change something</h2><p class="soft">What is asked here is asked of the master, and answered when it is in force.</p><div class="wishes">""");
        Begin("optimism", "Optimism");
        html.Add($"""<label>replicas that must have processed an event <select name="replicas">""");
        for (int replicas = 0; replicas < status.Members.Count; replicas++)
            Option((long)replicas, replicas == status.Optimism.Replicas);
        html.Add($"""</select></label><label>where replicas are lost <select name="loss">""");
        foreach (string policy in (string[])["wait", "degrade"])
            html.Add($"<option{Selected(policy == status.Optimism.OnReplicaLoss)}>{policy}</option>");
        html.Add($"</select></label>");
        End("Change it");

        Begin("stepdown", "Hand over");
        html.Add($"""<label>to <select name="to"><option value="">whoever is ready</option>""");
        foreach (string name in status.Members.Where(name => name != status.Master))
            html.Add($"<option>{name}</option>");
        html.Add($"</select></label>");
        End("Hand over");

        if (status.Pause is null)
        {
            Begin("pause", "Pause");
            html.Add($"""<label>why <input name="why" required maxlength="80"></label>""");
            End("Pause the ship");
        }
        else
        {
            Begin("resume", "Go on");
            End("Go on");
        }
        html.Add($"</div></section>");

        void Begin(string what, string title) => html.Add($"""<form method="post" action="wish"><fieldset><legend>{title}</legend><input type="hidden" name="wish" value="{what}">""");

        void End(string title) => html.Add($"""<label><input type="checkbox" name="sure" value="yes" required> yes, do this to {status.Ship}</label><button>{title}</button></fieldset></form>""");

        void Option(long value, bool isSelected) => html.Add($"<option{Selected(isSelected)}>{value}</option>");
    }

    private static string Selected(bool isSelected) => isSelected ? " selected" : "";
}
