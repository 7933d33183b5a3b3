using System.Diagnostics;
using System.Globalization;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>go-dqlite, dqlite's own client, through Go's database/sql: a process of bench/go-dqlite, which does what a line tells it and measures it itself.</summary>
internal sealed class GoDqlite : Contestant
{
    /// <summary>A commit is one prepared statement with all rows.</summary>
    public const string Statement = "append";

    /// <summary>A commit is a statement for each row between BEGIN and COMMIT, as the prototype of 2022 did it; a single row goes without those.</summary>
    public const string Transaction = "transact";

    private const string Single = "single";
    private const string Libraries = "/usr/share/gocode";
    private static readonly Lock Building = new();
    private static string? _program;

    private readonly Process _process;
    private readonly string _verb;
    private long _next = 1;

    private GoDqlite(Process process, string verb)
    {
        _process = process;
        _verb = verb;
    }

    public override string Name => "go-dqlite";

    public override int LargestEvent => 8 << 20;

    public override int LargestGroup => 100;

    public override long LargestGroupBytes => 512 << 10;

    /// <summary>Starts it with an empty table. Where Go or its libraries are missing that is noted, and there is no such contestant.</summary>
    public static async Task<GoDqlite?> StartAsync(DqliteCluster cluster, string verb, BenchmarkRun run, CancellationToken cancel)
    {
        if (Build(run) is not { } program)
            return null;
        ProcessStartInfo start = new(program, ["-certificates", cluster.Certificates!, "-database", $"go-{verb}", .. cluster.Nodes.Select(static node => node.Address.ToString())])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        GoDqlite go = new(Process.Start(start)!, verb);
        try
        {
            await go.AnswerAsync(cancel);
            return go;
        }
        catch
        {
            await go.DisposeAsync();
            throw;
        }
    }

    public override bool IsAskedByPipe => true;

    public override async ValueTask AppendAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel) => await TimeAsync(payloads, cancel);

    public override async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close(); // its end
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    /// <summary>The payloads' sizes go over; the bytes are made there, before the clock starts.</summary>
    protected override async ValueTask<long> TimeAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel)
    {
        bool isUniform = payloads.All(payload => payload.Length == payloads[0].Length);
        string sizes = isUniform ? $"{payloads[0].Length}" : string.Join(' ', payloads.Select(static payload => payload.Length));
        string verb = _verb == Transaction && payloads.Length == 1 ? Single : _verb;
        string answer = await AskAsync($"{verb} {_next} {payloads.Length} {sizes}", cancel);
        _next += payloads.Length;
        return long.Parse(answer, CultureInfo.InvariantCulture);
    }

    protected override async ValueTask<(long Events, long Bytes)> ReadBackAsync(CancellationToken cancel)
    {
        string[] words = (await AskAsync("count", cancel)).Split(' ');
        return (long.Parse(words[0], CultureInfo.InvariantCulture), long.Parse(words[1], CultureInfo.InvariantCulture));
    }

    private async ValueTask<string> AskAsync(string line, CancellationToken cancel)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancel);
        await _process.StandardInput.FlushAsync(cancel);
        return await AnswerAsync(cancel);
    }

    private async ValueTask<string> AnswerAsync(CancellationToken cancel)
    {
        string? answer = await _process.StandardOutput.ReadLineAsync(cancel);
        return answer is not null && !answer.StartsWith("error", StringComparison.Ordinal)
            ? answer
            : throw new InvalidOperationException($"bench/go-dqlite ended: {answer ?? "see above"}");
    }

    /// <summary>Builds the program, once a run; Go's own cache makes that quick. Without cgo: only the client is needed, which is plain Go.</summary>
    private static string? Build(BenchmarkRun run)
    {
        lock (Building)
        {
            if (_program is not null)
                return _program.Length > 0 ? _program : null;
            string folder = Path.Combine(SharedData.Repository, "artifacts", "go-dqlite");
            string program = Path.Combine(folder, "go-dqlite");
            string? failure = Directory.Exists(Path.Combine(Libraries, "src/github.com/canonical/go-dqlite/driver"))
                ? Run(folder, ["build", "-o", program, Path.Combine(SharedData.Repository, "bench", "go-dqlite", "main.go")])
                : $"there is no go-dqlite in {Libraries}";
            _program = failure is null ? program : "";
            if (failure is not null)
                run.Note($"go-dqlite was not measured: {failure}. `apt-get install golang-go golang-github-canonical-go-dqlite-dev` brings what it needs.");
            return failure is null ? program : null;
        }
    }

    private static string? Run(string folder, string[] arguments)
    {
        ProcessStartInfo start = new("go", arguments) { RedirectStandardError = true, UseShellExecute = false };
        start.Environment["GO111MODULE"] = "off";
        start.Environment["GOPATH"] = Libraries;
        start.Environment["GOCACHE"] = Path.Combine(folder, "cache");
        start.Environment["GOFLAGS"] = "";
        start.Environment["CGO_ENABLED"] = "0";
        try
        {
            using Process go = Process.Start(start)!;
            string errors = go.StandardError.ReadToEnd();
            go.WaitForExit();
            return go.ExitCode == 0 ? null : $"go build failed: {errors.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "there is no go";
        }
    }
}
