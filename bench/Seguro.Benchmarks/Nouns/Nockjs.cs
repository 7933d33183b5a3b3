using System.Diagnostics;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>A node process with npm's <c>@urbit/nockjs</c> that does what it is told and says how long it took. Installed once, in <c>artifacts</c>.</summary>
internal sealed class Nockjs : IAsyncDisposable
{
    // Its cue, jam and mug are recursive, and a pill has long lists.
    private const string Start = "ulimit -s unlimited; exec node --stack-size=900000 nockjs.mjs";
    private const string Install =
        "npm install --no-save --no-audit --no-fund --silent @urbit/nockjs@1.6.0 nockjs-nock@npm:@urbit/nockjs@0.0.1 && cd node_modules/nockjs-nock && npm pkg set type=module --silent";

    private readonly Process _process;

    private Nockjs(Process process) => _process = process;

    public static async Task<Nockjs> StartAsync(CancellationToken cancel)
    {
        string folder = Path.Combine(SharedData.Repository, "artifacts", "npm-bench");
        Directory.CreateDirectory(folder);
        File.Copy(Path.Combine(SharedData.Repository, "bench", "Seguro.Benchmarks", "Nouns", "nockjs.mjs"), Path.Combine(folder, "nockjs.mjs"), overwrite: true);
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "nockjs-nock")))
        {
            using Process install = Shell(folder, Install);
            await install.WaitForExitAsync(cancel);
            if (install.ExitCode != 0)
                throw new InvalidOperationException("npm could not install @urbit/nockjs: see above. node and npm must be there, and a registry that has it.");
        }
        return new Nockjs(Shell(folder, Start));
    }

    /// <summary>Does one thing; says milliseconds and what came of it.</summary>
    public async Task<(double Milliseconds, string Result)> RunAsync(string command, CancellationToken cancel)
    {
        await _process.StandardInput.WriteLineAsync(command.AsMemory(), cancel);
        await _process.StandardInput.FlushAsync(cancel);
        string line = await _process.StandardOutput.ReadLineAsync(cancel) ?? throw new InvalidOperationException($"node ended in '{command}': see above.");
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        return (double.Parse(line.AsSpan(0, space)), line[(space + 1)..]);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private static Process Shell(string folder, string command) =>
        Process.Start(new ProcessStartInfo("bash", ["-c", command]) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false })!;
}
