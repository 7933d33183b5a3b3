using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Files;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;
using Seguro.Node.Access;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Node.Links;
using Seguro.Node.Ships;

namespace Seguro.Node;

/// <content>Its admin API, and what is looked at before a start.</content>
public sealed partial class SeguroNode
{
    private AdminOptions MakeAdmin() => new()
    {
        Socket = _configuration.AdminSocket,
        Https = _configuration.AdminHttps,
        Http = _configuration.AdminHttp,
        Audit = what => _log.LogInformation("Dashboard: {What}.", what),
        Certificates = _certificates,
        Token = _configuration.AdminToken is { } file ? ReadToken(file) : null,
        Ship = _ship is { } ship ? AdminShip.Of(ship) : null,
        Ships = new AdminShips
        {
            Report = ReportShips,
            Find = name => Find(name) is { } found ? AdminShip.Of(found) : null,
            Add = (added, cancel) => (_ships ?? throw NoneAdded()).AddAsync(added, cancel),
            Remove = (name, cancel) => (_ships ?? throw NoneAdded()).RemoveAsync(name, cancel),
        },
        Refused = why => _refused.Note(RefusedConnections.Admin, why),
    };

    private FleetReport ReportShips()
    {
        List<string> warnings = [.. Warnings, .. _refused.Warnings];
        if (_configuration.HoldsMany && _ships is null)
            warnings.Add(_waiting.Current ?? "This node is starting.");
        bool isReady = _ship is not null || _ships is { Trouble: null };
        return new FleetReport(_configuration.Self.Name, _configuration.Cluster, MemberVersion.Own.Software, warnings, Reports, isReady);
    }

    /// <summary>The ship of a name; <see langword="null"/> where there is none, which is known only when the list was read.</summary>
    private HostedShip? Find(string name) => _ship is not { } one ? (_ships ?? throw NoneAdded()).Find(name) : one.Report.Ship == name ? one : null;

    private SeguroException NoneAdded() => _configuration.HoldsMany
        ? new SeguroException(ErrorCode.StoreUnavailable, $"{_configuration.Self.Name} is starting{(_waiting.Current is { } waiting ? $": {waiting}" : "")}", "Wait a moment and repeat.")
        : new SeguroException(ErrorCode.OneShip, $"{_configuration.Self.Name} holds the one ship that its configuration names, {_configuration.Ship}", "Make a cluster of nodes that hold many: seguro node init FOLDER");

    /// <summary>What the harbors need, and what their targets' URLs name, is there and of use; nobody is asked.</summary>
    private static void CheckHarbors(NodeConfiguration configuration)
    {
        if (configuration.HarborKey is { } key)
            HostKey.Read(key).Dispose();
        foreach (string target in configuration.Harbors)
            HarborTarget.Open(target).DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <summary>A program is there, and may be run: where its name says, or in PATH.</summary>
    private static void RequireProgram(string program)
    {
        const UnixFileMode Runs = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        bool isPath = program.Contains('/', StringComparison.Ordinal);
        string[] places = isPath ? [program] : [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program))];
        if (!Array.Exists(places, static place => File.Exists(place) && (File.GetUnixFileMode(place) & Runs) != UnixFileMode.None))
            throw new SeguroException(ErrorCode.NotFound, $"there is no program {program}{(isPath ? "" : " in PATH")} (vere:binary)", "Name the vere of this machine: seguro vere upgrade, or vere:binary in the configuration. It must be executable.");
    }

    private static string ReadToken(string path)
    {
        try
        {
            SecretFile.RefuseShared(path, "token");
            string token = File.ReadAllText(path).Trim();
            return token.Length >= 16
                ? token
                : throw new SeguroException(ErrorCode.BadValue, $"the token in {path} has fewer than 16 characters", "Make one with `openssl rand -hex 32`.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"the token's file {path} can't be read", "Check the path and its permissions.", error);
        }
    }
}
