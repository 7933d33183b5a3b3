using System.Globalization;
using Seguro.Core;
using Seguro.Node.Configuration;
using Seguro.Nouns;
using Seguro.Piers;

namespace Seguro.Cli.Demo;

/// <summary>The vere that the demo runs, and the fake ship: booted from a pill, or a copy of a pier.</summary>
internal sealed class VereDemoInput
{
    private const string Fake = "zod";

    private readonly string? _pill;
    private readonly string? _pier;

    /// <param name="binary">The user's vere.</param>
    /// <param name="standIn">The program of the tests, where no vere was named.</param>
    /// <param name="pill">What the ship boots from.</param>
    /// <param name="pier">A pier of a fake ship that is stopped; only read.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Usage"/>; <see cref="ErrorCode.RealShip"/>; what opening the pier throws.</exception>
    public VereDemoInput(string? binary, string? standIn, string? pill, string? pier)
    {
        IsStandIn = binary is null;
        Binary = Path.GetFullPath(binary ?? standIn ?? throw new SeguroException(
            ErrorCode.Usage, "no vere is named", "Name yours: seguro demo vere --binary PATH/urbit --pill FILE. From a clone, ./seguro demo vere does without, by a program of the tests that stands in for it."));
        if (!File.Exists(Binary))
            throw new SeguroException(ErrorCode.NotFound, $"there is no {Binary}", "Name the vere by its path.");
        if (pill is not null && pier is not null)
            throw new SeguroException(ErrorCode.Usage, "--pill and --pier say different things", "Name one: a pill to boot a fake ~zod from, or the pier of a fake ship.");
        if (binary is not null && pill is null && pier is null)
            throw new SeguroException(ErrorCode.Usage, "vere boots a ship from a pill, and none is named", "Name one with --pill FILE, or the stopped pier of a fake ship with --pier PIER.");
        _pill = pill is null ? null : Path.GetFullPath(pill);
        _pier = pier is null ? null : Path.GetFullPath(pier);
        if (_pill is not null && !File.Exists(_pill))
            throw new SeguroException(ErrorCode.NotFound, $"there is no {_pill}", "Name the pill by its path.");
        Ship = _pier is null ? "~" + Fake : Check(_pier);
        int[] ports = FreePorts.Take(2);
        Arguments = string.Create(CultureInfo.InvariantCulture, $"-p {ports[0]} --http-port {ports[1]}");
        HttpPort = ports[1];
    }

    /// <summary>The program.</summary>
    public string Binary { get; }

    /// <summary>It is the tests' program.</summary>
    public bool IsStandIn { get; }

    /// <summary>The ship's name.</summary>
    public string Ship { get; }

    /// <summary>What a king is given: ports that are the same wherever the ship runs.</summary>
    public string Arguments { get; }

    /// <summary>The ship's port for HTTP.</summary>
    public int HttpPort { get; }

    /// <summary>Makes a pier of the ship's, stopped.</summary>
    public async Task MakeAsync(string folder, string pier, CancellationToken cancel)
    {
        if (_pier is not null)
        {
            await DemoProcess.RunAsync(folder, "copy", ["cp", "-a", "--sparse=always", _pier, pier], cancel);
            return;
        }
        string[] boot = _pill is null ? [] : ["-B", _pill];
        await DemoProcess.RunAsync(folder, "boot", [Binary, "-F", Fake, .. boot, "-t", "-x", .. Arguments.Split(' '), "-c", pier], cancel);
    }

    /// <summary>A copy of a real ship that computes an event is a second ship to its peers.</summary>
    private static string Check(string path)
    {
        using Pier pier = Pier.Open(path, PierAccess.Offline);
        PierIdentity identity = pier.Info.Identity;
        return identity.IsFake
            ? ShipName.Format(identity.Who)
            : throw new SeguroException(
                ErrorCode.RealShip,
                $"{path} is the pier of {ShipName.Format(identity.Who)}, which has keys of the real network: a copy of it that is started would be a second ship to all its peers",
                "Show it on a fake ship: seguro demo vere --binary PATH/urbit --pill FILE.");
    }
}
