namespace Seguro.Node.Dashboard;

/// <summary>
/// The page of a process that is no member, such as a harbor's service: one look at it, by people on its machine. It is read only, has no script, and loads itself anew each five seconds.
/// </summary>
/// <param name="Title">What it is.</param>
/// <param name="IsHealthy">As <c>/health</c> says it.</param>
/// <param name="Warnings">What should be known; each a full sentence.</param>
/// <param name="Facts">What there is to see, in groups, each with its name: what it is, and its value.</param>
public sealed record ServicePage(string Title, bool IsHealthy, IReadOnlyList<string> Warnings, IReadOnlyList<(string Group, IReadOnlyList<(string What, string Value)> Facts)> Facts)
{
    /// <summary>The page; whatever its texts are, they stay text.</summary>
    public string ToHtml()
    {
        HtmlText html = new();
        html.Add($"""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><title>{Title} · Seguro</title><meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="refresh" content="5"><link rel="icon" href="data:,"><link rel="stylesheet" href="dashboard.css"></head><body><header><span>Seguro</span></header><main>
            """);
        html.Add($"""<h1>{Title} <span class="badge {(IsHealthy ? "good" : "bad")}">{(IsHealthy ? "healthy" : "not healthy")}</span></h1>""");
        if (Warnings.Count > 0)
        {
            html.Add($"""<section role="alert"><h2>What to see to</h2><ul class="warnings">""");
            foreach (string warning in Warnings)
                html.Add($"""<li class="{(IsHealthy ? "" : "bad")}">{warning}</li>""");
            html.Add($"</ul></section>");
        }
        foreach ((string group, IReadOnlyList<(string What, string Value)> facts) in Facts)
        {
            html.Add($"<section><h2>{group}</h2><dl>");
            foreach ((string what, string value) in facts)
                html.Add($"<dt>{what}</dt><dd>{value}</dd>");
            html.Add($"</dl></section>");
        }
        html.Add($"""</main><footer><a href="status">status</a> · <a href="health">health</a> · <a href="metrics">metrics</a></footer></body></html>""");
        return html.ToString();
    }
}
