using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Stores.Dqlite;

/// <summary>What <c>seguro dqlite-node</c> does: hosts one node until it is told to end.</summary>
public static class DqliteNodeMain
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan BetweenReports = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Starts the node, writes one line of JSON to <paramref name="stdout"/> when it is ready or when it can't start, and runs until
    /// <paramref name="cancel"/>. A supervised process also ends, at once, when its standard input does, that is when its supervisor died.
    /// </summary>
    /// <remarks>The supervisor says on standard input who is let in: an <see cref="AccessRecord"/> as a line of JSON, before the node starts and whenever that changes.</remarks>
    /// <param name="options">What the node is.</param>
    /// <param name="stdout">Gets the line.</param>
    /// <param name="whenReady">What to do once the node runs, such as joining a cluster; its failure ends the node. May be <see langword="null"/>.</param>
    /// <param name="cancel">Ends the node.</param>
    /// <returns>The exit code: 0 when told to end, else that of the error.</returns>
    public static async Task<int> RunAsync(DqliteNodeOptions options, TextWriter stdout, Func<CancellationToken, Task>? whenReady, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(stdout);
        SupervisorInput? supervisor = options.Supervised ? SupervisorInput.Open() : null;
        NodeWarnings warnings = new(Console.Error);
        DqliteNode node;
        try
        {
            NodeDiskWatch.Require(options.Folder);
            NodeDiskWatch.Start(options.Folder);
            node = DqliteNode.Start(supervisor is null ? options : options with { Access = supervisor.First() }, warnings.Write);
            supervisor?.Follow(node.SetAccess);
            NodePulse.Start(node.Local, NodePulse.Patience, EndHung);
        }
        catch (SeguroException error)
        {
            await WriteAsync(stdout, NodeReport.Of(error), cancel);
            return error.ExitCode;
        }
        await WriteAsync(stdout, new NodeReport { Ready = true, Id = options.Id, Address = options.Address.ToString(), Process = Environment.ProcessId }, cancel);
        if (whenReady is not null)
            await whenReady(cancel);
        _ = ReportRefusedAsync(node, stdout, cancel);
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using (cancel.Register(() => told.TrySetResult()))
            await told.Task;
        // Ending without a goodbye is safe, a crash is no different: so a stop that takes too long is not waited for.
        Task stopping = Task.Run(node.Dispose, CancellationToken.None);
        await Task.WhenAny(stopping, Task.Delay(StopTime, CancellationToken.None));
        return 0;
    }

    private static void EndHung()
    {
        Console.Error.WriteLine("dqlite answers no more; the node ends, to be started again");
        Posix.EndProcess(1);
    }

    // A supervisor that is paused does not read: then this waits, and nothing else does.
    private static async Task ReportRefusedAsync(DqliteNode node, TextWriter stdout, CancellationToken cancel)
    {
        long reported = 0;
        using PeriodicTimer timer = new(BetweenReports);
        try
        {
            while (await timer.WaitForNextTickAsync(cancel))
            {
                (long count, string last) = node.Refused;
                if (count == reported)
                    continue;
                reported = count;
                await WriteAsync(stdout, new NodeReport { Id = node.Options.Id, Refused = count, What = last }, cancel);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            // The end.
        }
    }

    private static async Task WriteAsync(TextWriter stdout, NodeReport report, CancellationToken cancel)
    {
        await stdout.WriteLineAsync(report.ToLine().AsMemory(), cancel);
        await stdout.FlushAsync(cancel);
    }
}
