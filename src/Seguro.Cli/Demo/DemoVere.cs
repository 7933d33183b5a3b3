namespace Seguro.Cli.Demo;

/// <summary>A ship on vere, as a demo's members run it.</summary>
/// <param name="Binary">The vere.</param>
/// <param name="Arguments">What its king is given: fixed ports.</param>
/// <param name="Pier">The ship's pier, stopped: each member gets a copy, and the cluster's store its log.</param>
/// <param name="Settings">What each member is told besides, <c>KEY=VALUE</c>.</param>
internal sealed record DemoVere(string Binary, string Arguments, string Pier, IReadOnlyList<string> Settings)
{
    /// <summary>Words for <c>seguro run</c>.</summary>
    public string[] Words => [.. ((string[])["ship:kind=vere", $"vere:binary={Binary}", $"vere:arguments={Arguments}", .. Settings]).SelectMany(static setting => (string[])["--set", setting])];
}
