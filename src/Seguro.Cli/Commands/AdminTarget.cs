using System.CommandLine;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Nouns;

namespace Seguro.Cli.Commands;

/// <summary>Which member a command speaks to: that of a configuration, or of an admin socket.</summary>
internal static class AdminTarget
{
    /// <summary><c>-c FILE</c>.</summary>
    public static Option<string> Configuration { get; } = new("--config", "-c")
    {
        Description = "The member's configuration.",
        HelpName = "FILE",
        DefaultValueFactory = static _ => ConfigurationReader.DefaultFile,
    };

    /// <summary><c>--set KEY=VALUE</c>.</summary>
    public static Option<string[]> Set { get; } = new("--set")
    {
        Description = "A value that goes before the file's and the environment's, such as lease=2s or member:udp=127.0.0.1:9000; may be repeated.",
        HelpName = "KEY=VALUE",
    };

    private static readonly Option<string?> Socket = new("--admin") { Description = "The member's admin socket, in place of its configuration.", HelpName = "SOCKET" };

    /// <summary><c>--ship</c>, of a node that holds many.</summary>
    public static Option<string?> Ship { get; } = new("--ship") { Description = "Which ship's member, on a node that holds many.", HelpName = "~SHIP" };

    /// <summary>Adds the options that name a node.</summary>
    public static Command WithNode(this Command command)
    {
        command.Options.Add(Configuration);
        command.Options.Add(Socket);
        return command;
    }

    /// <summary>Adds the options that name a member.</summary>
    public static Command WithMember(this Command command)
    {
        command.Options.Add(Ship);
        return command.WithNode();
    }

    /// <summary>A client of that member.</summary>
    public static AdminClient Connect(ParseResult parse) => new(SocketOf(parse), parse.GetValue(Ship) is { } ship ? ShipName.ReadKey(ship) : null);

    /// <summary>A client of that node.</summary>
    public static AdminClient ConnectNode(ParseResult parse) => new(SocketOf(parse));

    private static string SocketOf(ParseResult parse) => parse.GetValue(Socket) is { } socket ? Path.GetFullPath(socket) : ReadConfiguration(parse).AdminSocket;

    /// <summary>The configuration that <c>-c</c> names.</summary>
    /// <exception cref="SeguroException">It can't be used.</exception>
    public static NodeConfiguration ReadConfiguration(ParseResult parse, IReadOnlyCollection<string>? settings = null) =>
        ConfigurationReader.Read(parse.GetRequiredValue(Configuration), settings ?? []);
}
