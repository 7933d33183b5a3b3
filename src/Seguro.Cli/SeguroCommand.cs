using System.CommandLine;
using Seguro.Cli.Commands;
using Seguro.Cli.Commands.Cluster;
using Seguro.Cli.Commands.Cluster.Certificates;
using Seguro.Cli.Commands.Cluster.Keys;
using Seguro.Cli.Commands.Custodies;
using Seguro.Cli.Commands.Harbor;
using Seguro.Cli.Commands.Log;
using Seguro.Cli.Commands.Members;
using Seguro.Cli.Commands.Mirror;
using Seguro.Cli.Commands.Nouns;
using Seguro.Cli.Commands.Pier;
using Seguro.Cli.Commands.Ships;
using Seguro.Cli.Output;
using Seguro.Core;

namespace Seguro.Cli;

/// <summary>The <c>seguro</c> command: its verbs, and what is common to them.</summary>
public static class SeguroCommand
{
    /// <summary>Runs one command line.</summary>
    /// <param name="args">The words after <c>seguro</c>.</param>
    /// <param name="terminal">Where it prints and reads.</param>
    /// <param name="cancel">Ends it as Ctrl-C does: cleanly.</param>
    /// <returns>The exit code: 0 ok, 1 failed, 2 usage, 3 refused as unsafe, 4 degraded; 141 where nobody read standard output to its end.</returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(terminal);
        RootCommand root = Create(terminal);
        ParseResult parse = root.Parse(args.Length == 0 ? ["--help"] : args, new ParserConfiguration { ResponseFileTokenReplacer = null }); // @FILE is a store's URL
        if (parse.Errors.Count > 0)
        {
            bool json = args.Contains("--json");
            string path = string.Join(' ', PathOf(parse.CommandResult));
            terminal.Report(
                new SeguroException(ErrorCode.Usage, string.Join(" ", parse.Errors.Select(static error => error.Message)), $"Try: {path} --help"), json);
            return 2;
        }
        try
        {
            return await parse.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = terminal.Output,
                    Error = terminal.Errors,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = TimeSpan.FromSeconds(10),
                },
                cancel);
        }
        catch (OutputClosedException) // the help, or an error's report
        {
            return OutputClosedException.ExitCode;
        }
        catch (SeguroException failed)
        {
            terminal.Report(failed, json: false);
            return failed.ExitCode;
        }
        catch (IOException) // nor can standard error be written: there is nobody to tell
        {
            return 1;
        }
    }

    /// <summary>All verbs.</summary>
    internal static RootCommand Create(Terminal terminal) =>
        new("""
            Seguro keeps an Urbit ship's event log in replicated databases, so that the ship can't be lost.

            Start here:
              seguro demo                                    see it: a real log, three database nodes, one of them killed
              seguro pier inspect PIER                       what is in a pier
              seguro pier import PIER --store sqlite:zod.db  put its log into a store
              seguro mirror PIER --store sqlite:zod.db       keep it there while the ship runs
              seguro log verify --store sqlite:zod.db        every byte of it
              seguro log show 14 --store sqlite:zod.db       what an event says

            Stores: lmdb:PATH  sqlite:PATH  rocksdb:PATH  dqlite://HOST:PORT,HOST:PORT,…  etcd://HOST:PORT,…  postgresql://USER@HOST,HOST/DATABASE
            Exit codes: 0 ok, 1 failed, 2 usage, 3 refused as unsafe, 4 degraded; 141 output closed (| head).
            """)
        {
            CommonOptions.Json,
            DemoCommand.Create(terminal),
            new Command("pier", "Look into a ship's folder, put its log into a store, get it back, compare the two.")
            {
                PierInspectCommand.Create(terminal),
                PierImportCommand.Create(terminal),
                PierExportCommand.Create(terminal),
                PierRestoreCommand.Create(terminal),
                PierVerifyCommand.Create(terminal),
            },
            MirrorCommand.Create(terminal),
            RelayCommand.Create(terminal),
            new Command("harbor", "Back a ship's log up to folders, buckets and servers whose keepers can't read it; prove it, restore it.")
            {
                new Command("key", "The keys of a harbor.") { HarborKeyNewCommand.Create(terminal) },
                HarborAttachCommand.Create(terminal),
                HarborBackupCommand.Create(terminal),
                HarborListCommand.Create(terminal),
                HarborVerifyCommand.Create(terminal),
                HarborRestoreCommand.Create(terminal),
                HarborDrillCommand.Create(terminal),
                HarborPruneCommand.Create(terminal),
            },
            new Command("custody", "Who computes a ship: see it, let a cluster take it, give it back to a plain pier.")
            {
                CustodyShowCommand.Create(terminal),
                CustodyTakeCommand.Create(terminal),
                CustodyTakeCommand.CreateRelease(terminal),
            },
            new Command("log", "Read, append, verify and trim the log of a ship in a store.")
            {
                LogHeadCommand.Create(terminal),
                LogReadCommand.Create(terminal),
                LogShowCommand.Create(terminal),
                LogAppendCommand.Create(terminal),
                LogTailCommand.Create(terminal),
                LogVerifyCommand.Create(terminal),
                LogTopCommand.Create(terminal),
                LogTrimCommand.Create(terminal),
                LogCopyCommand.Create(terminal),
            },
            new Command("ship", "Compute a ship's events on Seguro's own Nock machine.")
            {
                ShipBootCommand.Create(terminal),
                ShipReplayCommand.Create(terminal),
            },
            new Command("noun", "Read and write Urbit's data: jam, cue, mug, text. A noun is text such as [1 ~zod 'text' %term 0xff ~], or a file.")
            {
                NounShowCommand.Create(terminal),
                NounJamCommand.Create(terminal),
                NounCueCommand.Create(terminal),
                NounMugCommand.Create(terminal),
            },
            RunCommand.Create(terminal),
            StatusCommand.Create(terminal),
            new Command("cluster", "Set up a cluster, and change it while it runs.")
            {
                ClusterInitCommand.Create(terminal),
                ClusterListCommand.Create(terminal),
                ClusterOptimismCommand.Create(terminal),
                ClusterWindowCommand.Create(terminal),
                ClusterHistoryCommand.Create(terminal),
                ClusterStepDownCommand.Create(terminal),
                ClusterPauseCommand.CreatePause(terminal),
                ClusterPauseCommand.CreateResume(terminal),
                ClusterJoinCommand.Create(terminal),
                ClusterAddCommand.Create(terminal),
                ClusterLeaveCommand.Create(terminal),
                ClusterPutBackCommand.Create(terminal),
                ClusterAcceptLossCommand.Create(terminal),
                ClusterRecoverCommand.Create(terminal),
                ClusterMoveCommand.Create(terminal),
                new Command("certificates", "Show when the certificates of a cluster expire, and issue new ones while it runs.")
                {
                    CertificatesShowCommand.Create(terminal),
                    CertificatesRenewCommand.Create(terminal),
                },
                new Command("keys", "Change the keys between members and balancer while they run.")
                {
                    KeysRotateCommand.Create(terminal),
                    KeysRemoveCommand.Create(terminal),
                },
            },
            new Command("member", "Change one member of a cluster, on its own machine.")
            {
                MemberReplaceCommand.Create(terminal),
            },
            DqliteNodeCommand.Create(terminal),
            BalancerCommand.Create(terminal),
            CompletionCommand.Create(terminal),
            ManCommand.Create(terminal),
        };

    private static Stack<string> PathOf(System.CommandLine.Parsing.CommandResult result)
    {
        Stack<string> names = new();
        for (System.CommandLine.Parsing.SymbolResult? at = result; at is not null; at = at.Parent)
        {
            if (at is System.CommandLine.Parsing.CommandResult command)
                names.Push(command.Command is RootCommand ? "seguro" : command.Command.Name);
        }
        return names;
    }
}
