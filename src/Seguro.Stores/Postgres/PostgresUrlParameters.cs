using Npgsql;

namespace Seguro.Stores.Postgres;

/// <summary>The parameters of a libpq URL ("Parameter Key Words" in PostgreSQL's documentation) that Seguro takes, and Npgsql's names for them.</summary>
static class PostgresUrlParameters
{
    private const int LargestSlip = 2;

    private static readonly string[] OfHosts = ["host", "hostaddr", "port"];

    private static readonly Dictionary<string, SslMode> SslModes = new(StringComparer.Ordinal)
    {
        ["disable"] = SslMode.Disable,
        ["allow"] = SslMode.Allow,
        ["prefer"] = SslMode.Prefer,
        ["require"] = SslMode.Require,
        ["verify-ca"] = SslMode.VerifyCA,
        ["verify-full"] = SslMode.VerifyFull,
    };

    private static readonly Dictionary<string, SslNegotiation> SslNegotiations = new(StringComparer.Ordinal)
    {
        ["postgres"] = SslNegotiation.Postgres,
        ["direct"] = SslNegotiation.Direct,
    };

    private static readonly Dictionary<string, ChannelBinding> ChannelBindings = new(StringComparer.Ordinal)
    {
        ["disable"] = ChannelBinding.Disable,
        ["prefer"] = ChannelBinding.Prefer,
        ["require"] = ChannelBinding.Require,
    };

    private static readonly Dictionary<string, GssEncryptionMode> GssModes = new(StringComparer.Ordinal)
    {
        ["disable"] = GssEncryptionMode.Disable,
        ["prefer"] = GssEncryptionMode.Prefer,
        ["require"] = GssEncryptionMode.Require,
    };

    private static readonly Dictionary<string, bool> Encodings = new(StringComparer.OrdinalIgnoreCase)
    {
        ["UTF8"] = true,
        ["UTF-8"] = true,
        ["auto"] = true,
    };

    // Seguro decides by writes, so it always looks for the server that takes them; a URL that asks for a standby is a mistake.
    private static readonly Dictionary<string, bool> Targets = new(StringComparer.Ordinal)
    {
        ["any"] = true,
        ["primary"] = true,
        ["read-write"] = true,
    };

    private static readonly Dictionary<string, Action<NpgsqlConnectionStringBuilder, string>> Known = new(StringComparer.Ordinal)
    {
        ["user"] = static (settings, value) => settings.Username = value,
        ["password"] = static (settings, value) => settings.Password = value,
        ["dbname"] = static (settings, value) => settings.Database = value,
        ["passfile"] = static (settings, value) => settings.Passfile = value,
        ["application_name"] = static (settings, value) => settings.ApplicationName = value,
        ["fallback_application_name"] = static (settings, value) => settings.ApplicationName ??= value,
        ["options"] = static (settings, value) => settings.Options = value,
        ["connect_timeout"] = static (settings, value) => settings.Timeout = Number("connect_timeout", value, 1, 1024),
        ["keepalives"] = static (settings, value) => settings.TcpKeepAlive = Number("keepalives", value, 0, 1) == 1,
        ["keepalives_idle"] = static (settings, value) => settings.TcpKeepAliveTime = Number("keepalives_idle", value, 0, 86_400),
        ["keepalives_interval"] = static (settings, value) => settings.TcpKeepAliveInterval = Number("keepalives_interval", value, 0, 86_400),
        ["sslmode"] = static (settings, value) => settings.SslMode = OneOf("sslmode", value, SslModes),
        ["sslrootcert"] = static (settings, value) => settings.RootCertificate = value,
        ["sslcert"] = static (settings, value) => settings.SslCertificate = value,
        ["sslkey"] = static (settings, value) => settings.SslKey = value,
        ["sslpassword"] = static (settings, value) => settings.SslPassword = value,
        ["sslnegotiation"] = static (settings, value) => settings.SslNegotiation = OneOf("sslnegotiation", value, SslNegotiations),
        ["channel_binding"] = static (settings, value) => settings.ChannelBinding = OneOf("channel_binding", value, ChannelBindings),
        ["gssencmode"] = static (settings, value) => settings.GssEncryptionMode = OneOf("gssencmode", value, GssModes),
        ["krbsrvname"] = static (settings, value) => settings.KerberosServiceName = value,
        ["require_auth"] = static (settings, value) => settings.RequireAuth = value,
        ["client_encoding"] = static (_, value) => OneOf("client_encoding", value, Encodings),
        ["target_session_attrs"] = static (_, value) => OneOf("target_session_attrs", value, Targets),
    };

    /// <summary>Takes a parameter over.</summary>
    /// <exception cref="Core.SeguroException">Nobody knows it (the nearest known one is named), or its value is none that it can have.</exception>
    public static void Apply(NpgsqlConnectionStringBuilder settings, string name, string value)
    {
        if (!Known.TryGetValue(name, out Action<NpgsqlConnectionStringBuilder, string>? set))
        {
            // A name that is like none may be the rest of a password that holds an '&', so it is not shown.
            string near = Known.Keys.Concat(OfHosts).MinBy(known => Distance(known, name))!;
            throw PostgresUrl.Bad(
                Distance(near, name) <= LargestSlip ? $"one of its parameters is unknown; did you mean '{near}'?" : "one of its parameters is unknown",
                $"In a password write '&' as %26. These are known: {string.Join(", ", Known.Keys.Concat(OfHosts).Order(StringComparer.Ordinal))}.");
        }
        set(settings, value);
    }

    private static int Number(string name, string value, int least, int most) =>
        int.TryParse(value, out int number) && number >= least && number <= most
            ? number
            : throw PostgresUrl.Bad($"{name} has a value that it can't have", $"Write a whole number from {least} to {most}.");

    private static T OneOf<T>(string name, string value, Dictionary<string, T> values) =>
        values.TryGetValue(value, out T? found)
            ? found
            : throw PostgresUrl.Bad($"{name} has a value that it can't have here", $"Write one of: {string.Join(", ", values.Keys)}.");

    /// <summary>How many letters must be put in, left out or changed to make one word of the other.</summary>
    private static int Distance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 0; i < left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i + 1;
            for (int j = 0; j < right.Length; j++)
            {
                int changed = diagonal + (left[i] == right[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(changed, Math.Min(row[j], diagonal) + 1);
            }
        }
        return row[^1];
    }
}
