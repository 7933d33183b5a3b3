using CsCheck;
using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

public abstract partial class StoreConformanceSuite
{
    /// <summary>CsCheck's seed of a failed run, to repeat it; <see langword="null"/> for a fresh one.</summary>
    protected virtual string? ModelSeed => Environment.GetEnvironmentVariable("SEGURO_MODEL_SEED");

    private static readonly Gen<LogOperation[]> GenOperations = Gen.Select(
        Gen.Frequency(
            (8, Gen.Const(LogOperationKind.Append)),
            (2, Gen.Const(LogOperationKind.AppendAgain)),
            (2, Gen.Const(LogOperationKind.Abandon)),
            (3, Gen.Const(LogOperationKind.AppendStaged)),
            (3, Gen.Const(LogOperationKind.Campaign)),
            (1, Gen.Const(LogOperationKind.Renew)),
            (1, Gen.Const(LogOperationKind.Resign)),
            (3, Gen.Const(LogOperationKind.SetMetadata)),
            (2, Gen.Const(LogOperationKind.Trim)),
            (2, Gen.Const(LogOperationKind.Read)),
            (1, Gen.Const(LogOperationKind.ReadChain)),
            (1, Gen.Const(LogOperationKind.Reopen))),
        Gen.Int[0, 999],
        Gen.Int[0, 999],
        Gen.Int[0, 9],
        static (kind, a, b, twist) => new LogOperation(kind, a, b, twist)).Array[1, 30];

    [Fact(Timeout = Bound)]
    public async Task Random_operations_end_as_the_model_says()
    {
        await GenOperations.SampleAsync(
            CompareWithModelAsync,
            writeLine: line => TestContext.Current.TestOutputHelper?.WriteLine(line),
            seed: ModelSeed,
            iter: ModelSequences,
            threads: 1,
            print: static operations => string.Join('\n', operations));
    }

    private async Task CompareWithModelAsync(LogOperation[] operations)
    {
        await using ModelStore modelStore = new();
        await using LogSession session = await LogSession.BeginAsync(Harness, Cancel);
        await using IStoredLog model = await modelStore.CreateLogAsync(session.Ship, Position.Origin, NoMetadata, Cancel);
        await model.CampaignAsync(Lease.None, session.Lease.Holder, session.Lease.Duration, Cancel);
        LogOperations run = new(model, session.Store.Capabilities);
        IStoredLog store = session.Stored;
        foreach (LogOperation operation in operations)
        {
            if (operation.Kind is LogOperationKind.Reopen)
                store = (await session.OpenSecondAsync(Cancel)).Stored;
            else
                await run.RunAsync(operation, store, Cancel);
        }
        await run.CompareAsync(session.Stored, Cancel);
        await run.CompareAsync((await session.OpenSecondAsync(Cancel)).Stored, Cancel);
    }
}
