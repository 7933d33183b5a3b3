using Seguro.Node.Configuration;

namespace Seguro.Testing;

/// <summary>Ports on loopback that nobody uses.</summary>
public static class FreePort
{
    private static readonly HashSet<int> Given = [];

    /// <summary>A port that is free now and that this process was not given before.</summary>
    public static int Next()
    {
        while (true)
        {
            int port = FreePorts.Take(1)[0];
            lock (Given)
            {
                if (Given.Add(port))
                    return port;
            }
        }
    }
}
