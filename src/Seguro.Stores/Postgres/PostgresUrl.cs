using Npgsql;
using Seguro.Core;

namespace Seguro.Stores.Postgres;

/// <summary>
/// A URL in libpq's form: <c>postgresql://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?PARAMETER=VALUE&amp;…</c>
/// (PostgreSQL's documentation, "Connection URIs"). Everything but the scheme may be left out.
/// </summary>
/// <remarks>Messages name parameters and places, never values that could be (part of) a password.</remarks>
sealed class PostgresUrl
{
    private const string Escapes = "In a user's name or a password write '@' as %40, '/' as %2F, '?' as %3F, ':' as %3A and '%' as %25.";

    private readonly List<string> _hosts = [];
    private readonly List<string> _ports = [];

    private PostgresUrl(string rest)
    {
        int query = rest.IndexOf('?', StringComparison.Ordinal);
        string place = query < 0 ? rest : rest[..query];
        int slash = place.IndexOf('/', StringComparison.Ordinal);
        string authority = slash < 0 ? place : place[..slash];
        if (slash >= 0 && place.Length > slash + 1)
            Settings.Database = Decode(place[(slash + 1)..], "the database's name");
        if (Settings.Database is { } database && (database.Contains('/', StringComparison.Ordinal) || database.Contains('@', StringComparison.Ordinal)))
            throw Bad("the database's name has a '/' or an '@'", Escapes);
        int at = authority.LastIndexOf('@');
        if (at >= 0)
            TakeUser(authority[..at]);
        foreach (string host in authority[(at + 1)..].Split(','))
            TakeHost(host);
        if (query >= 0)
            TakeParameters(rest[(query + 1)..]);
        SetHosts();
        Settings.ApplicationName ??= "seguro";
        Settings.Username ??= Environment.UserName;
        Settings.Database ??= Settings.Username;
    }

    /// <summary>What Npgsql needs to connect.</summary>
    public NpgsqlConnectionStringBuilder Settings { get; } = new() { PersistSecurityInfo = false };

    /// <summary>User, servers and database, for messages: no password.</summary>
    public string Where { get; private set; } = "";

    /// <summary>A server is reached by a Unix socket.</summary>
    public bool HasSockets { get; private set; }

    /// <summary>Reads what follows <c>postgresql://</c>.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadStoreUrl"/>.</exception>
    public static PostgresUrl Parse(StoreUrl url) => new(url.Rest);

    /// <summary>User, servers and database of a URL; <see langword="null"/> where it can't be read.</summary>
    public static string? WhereOf(StoreUrl url)
    {
        try
        {
            return Parse(url).Where;
        }
        catch (SeguroException)
        {
            return null;
        }
    }

    internal static SeguroException Bad(string why, string nextStep) =>
        new(ErrorCode.BadStoreUrl, $"the postgresql URL can't be used: {why}", nextStep);

    private void TakeUser(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string user = Decode(colon < 0 ? text : text[..colon], "the user's name");
        if (user.Length > 0)
            Settings.Username = user;
        if (colon >= 0)
            Settings.Password = Decode(text[(colon + 1)..], "the password");
    }

    private void TakeHost(string text)
    {
        string host = text;
        string port = "";
        int bracket = text.StartsWith('[') ? text.IndexOf(']', StringComparison.Ordinal) : -1;
        if (text.StartsWith('[') && bracket < 0)
            throw Bad("an IPv6 address lacks its ']'", "Write it like [::1]:5432.");
        int colon = text.IndexOf(':', bracket + 1);
        if (colon >= 0)
            (host, port) = (text[..colon], text[(colon + 1)..]);
        if (bracket >= 0)
            host = host[1..bracket];
        _hosts.Add(Decode(host, "a host's name"));
        _ports.Add(port);
    }

    private void TakeParameters(string text)
    {
        foreach (string pair in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                throw Bad("a parameter lacks its '='", "Write parameters as NAME=VALUE, with '&' between them.");
            string name = Decode(pair[..equals], "a parameter's name");
            string value = Decode(pair[(equals + 1)..], $"the parameter '{name}'");
            switch (name)
            {
                case "host" or "hostaddr":
                    _hosts.Clear();
                    _hosts.AddRange(value.Split(','));
                    break;
                case "port":
                    _ports.Clear();
                    _ports.AddRange(value.Split(','));
                    break;
                default:
                    PostgresUrlParameters.Apply(Settings, name, value);
                    break;
            }
        }
    }

    private void SetHosts()
    {
        List<string> hosts = [];
        List<string> shown = [];
        int socketPort = 0;
        for (int i = 0; i < _hosts.Count; i++)
        {
            string host = _hosts[i].Length == 0 ? "localhost" : _hosts[i];
            string text = _ports.Count == 0 ? "" : _ports[_ports.Count == 1 ? 0 : Math.Min(i, _ports.Count - 1)];
            if (text.Length == 0)
                text = "5432";
            // The text is not shown: where a password holds a raw '/', a part of it would stand here.
            if (!int.TryParse(text, out int port) || port is < 1 or > 65_535)
                throw Bad($"the port of server {i + 1} is not a number from 1 to 65535", Escapes);
            if (host.StartsWith('/'))
            {
                if (socketPort != 0 && socketPort != port)
                    throw Bad("sockets with several port numbers", "Use one port number for all sockets, or TCP addresses.");
                socketPort = port;
                HasSockets = true;
                hosts.Add(host);
            }
            else
            {
                hosts.Add(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}");
            }
            shown.Add(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}");
        }
        if (_ports.Count > 1 && _ports.Count != _hosts.Count)
            throw Bad($"{_ports.Count} ports for {_hosts.Count} servers", "Give one port for all, or one for each.");
        if (socketPort != 0)
            Settings.Port = socketPort;
        Settings.Host = string.Join(',', hosts);
        Where = $"{Settings.Username ?? Environment.UserName}@{string.Join(',', shown)}/{Settings.Database ?? Settings.Username ?? Environment.UserName}";
    }

    private static string Decode(string text, string what)
    {
        for (int i = text.IndexOf('%', StringComparison.Ordinal); i >= 0; i = text.IndexOf('%', i + 1))
        {
            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]) || text.AsSpan(i + 1, 2) is "00")
                throw Bad($"{what} has a '%' without two hexadecimal digits (or %00) after it", Escapes);
        }
        return Uri.UnescapeDataString(text);
    }
}
