using System.Globalization;

namespace Seguro.Testing;

/// <summary>Whose process a loopback connection is, by <c>/proc</c>.</summary>
public static class SocketOwner
{
    /// <summary>Does a TCP socket with this local port belong to the process?</summary>
    public static bool Is(int process, int port)
    {
        string local = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        HashSet<string> sockets = [];
        foreach (string table in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            foreach (string line in File.ReadLines(table).Skip(1))
            {
                string[] columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (columns[1].EndsWith(local, StringComparison.Ordinal))
                    sockets.Add($"socket:[{columns[9]}]");
            }
        }
        foreach (string descriptor in Directory.EnumerateFiles($"/proc/{process}/fd"))
        {
            try
            {
                if (File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name is { } name && sockets.Contains(name))
                    return true;
            }
            catch (IOException)
            {
                // Closed meanwhile.
            }
        }
        return false;
    }
}
