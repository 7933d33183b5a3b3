using System.CommandLine;
using System.Text;
using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Cli.Commands.Mirror;

/// <summary>A systemd unit that runs a mirror: it can read the pier and nothing else of the user's, and write only the store, where that is files.</summary>
internal static class MirrorUnit
{
    public static string For(string pier, string named, StoreUrl url, ParseResult parse)
    {
        if (!named.StartsWith('@') && HoldsPassword(url))
        {
            throw new SeguroException(
                ErrorCode.BadValue, "the store's URL holds a password, and everybody may read a unit", "Put the URL into a file that only its owner may read (chmod 600), and name that: --store @FILE.");
        }
        List<string> words = [Environment.ProcessPath ?? "seguro", "mirror", pier, "--store", named.StartsWith('@') ? $"@{Path.GetFullPath(named[1..])}" : Absolute(url)];
        Add("--ship", parse.GetValue(CommonOptions.Ship));
        Add("--certificates", parse.GetValue(CommonOptions.Certificates) is { } folder ? Path.GetFullPath(folder) : null);
        Add("--despite", parse.GetValue(CommonOptions.Despite));
        if (parse.GetValue(CommonOptions.AllowUnsafeSettings))
            words.Add("--allow-unsafe-settings");
        if (parse.GetResult("--metrics") is not null)
            Add("--metrics", parse.GetValue<string?>("--metrics"));
        if (parse.GetResult("--stats") is not null)
            Add("--stats", parse.GetValue<double>("--stats").ToString(System.Globalization.CultureInfo.InvariantCulture));
        string[] harbors = parse.GetResult("--harbor") is null ? [] : parse.GetValue<string[]>("--harbor") ?? [];
        foreach (string harbor in harbors)
            Add("--harbor", harbor);
        if (parse.GetResult("--harbor-key") is not null)
            Add("--harbor-key", parse.GetValue<string?>("--harbor-key") is { } key ? Path.GetFullPath(key) : null);
        StringBuilder unit = new();
        unit.Append(
            $"""
            # Made by `seguro mirror --systemd`. Put it into /etc/systemd/system/{NameOf(pier)}.service, then:
            #   systemctl daemon-reload && systemctl enable --now {NameOf(pier)}
            [Unit]
            Description=Mirror of the pier {Escape(pier)}
            Wants=network-online.target
            After=network-online.target

            [Service]
            # The user whose ship it is: a pier can be read by nobody else.
            User={Environment.UserName}
            ExecStart={string.Join(' ', words.Select(Quote))}
            Restart=always
            RestartSec=5
            # 2: the command line is wrong. 3: refused as unsafe (another pier lies there, another mirror runs): starting again mends neither.
            RestartPreventExitStatus=2 3
            MemoryMax=1G
            Nice=5
            NoNewPrivileges=yes
            ProtectSystem=strict
            ProtectHome=read-only
            ProtectKernelTunables=yes
            ProtectControlGroups=yes
            RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
            RestrictSUIDSGID=yes
            ReadOnlyPaths={Quote(pier)}

            """);
        if (url.Kind.IsOfOneMachine)
            unit.Append("# The store's folder, which must be there before the first start.\n").Append($"ReadWritePaths={Quote(FolderOf(url))}\n");
        foreach (string place in harbors.Where(static target => target.StartsWith("file:", StringComparison.Ordinal)).Select(static target => target["file:".Length..]))
            unit.Append("# A harbor's folder, which must be there before the first start.\n").Append($"ReadWritePaths={Quote(Path.GetFullPath(place))}\n");
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root)
            unit.Append($"Environment={Quote($"DOTNET_ROOT={root}")}\n");
        return unit.Append("\n[Install]\nWantedBy=multi-user.target\n").ToString();

        void Add(string option, string? value)
        {
            if (value is { Length: > 0 })
                words.AddRange([option, value]);
        }
    }

    private static string NameOf(string pier) =>
        "seguro-mirror-" + string.Concat(Path.GetFileName(pier).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-'));

    private static bool HoldsPassword(StoreUrl url)
    {
        int host = url.Rest.IndexOf('@', StringComparison.Ordinal);
        return (host >= 0 && url.Rest[..host].Contains(':', StringComparison.Ordinal)) || url.Rest.Contains("password=", StringComparison.OrdinalIgnoreCase);
    }

    private static string Absolute(StoreUrl url) => url.Kind.IsOfOneMachine ? $"{url.Engine}:{Path.GetFullPath(url.Rest)}" : url.Text;

    private static string FolderOf(StoreUrl url) => Path.GetDirectoryName(Path.GetFullPath(url.Rest)) ?? "/";

    /// <summary>A word of a unit's command line: in quotes where need be, with systemd's own signs doubled.</summary>
    private static string Quote(string word)
    {
        string escaped = Escape(word).Replace("$", "$$", StringComparison.Ordinal);
        return escaped.Any(static c => char.IsWhiteSpace(c) || c is '"' or '\'' or '\\' or ';')
            ? $"\"{escaped.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""
            : escaped;
    }

    private static string Escape(string text) => string.Concat(text.Select(static c => char.IsControl(c) ? "?" : c is '%' ? "%%" : c.ToString()));
}
