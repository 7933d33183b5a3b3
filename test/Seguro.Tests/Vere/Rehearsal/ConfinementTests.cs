using System.Text;
using Seguro.Core;
using Seguro.Testing;
using Seguro.Vere.Rehearsal;

namespace Seguro.Tests.Vere.Rehearsal;

/// <summary>What runs in a rehearsal is bounded, and is gone when it is over.</summary>
public sealed class ConfinementTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("confinement");

    [Fact]
    public async Task A_line_that_does_not_end_takes_no_memory_and_the_next_one_is_heard()
    {
        byte[] printed = [.. Encoding.UTF8.GetBytes("first\n"), .. Enumerable.Repeat((byte)'x', 1 << 20), .. Encoding.UTF8.GetBytes("\nlast")];
        List<string> lines = [];
        RehearsalPrints prints = new(line =>
        {
            lines.Add(line);
            return line == "last";
        });
        await prints.TakeAsync(new MemoryStream(printed));
        Assert.Equal(["first", new string('x', 4096), "last"], lines);
        Assert.True(prints.IsDone);
        Assert.EndsWith("x\nlast\n", prints.Tail, StringComparison.Ordinal);
        Assert.InRange(prints.Tail.Length, 1, 4096);
    }

    [Fact]
    public async Task Who_interrupts_it_gets_the_folder_back_with_nobody_writing_there()
    {
        Confinement confinement;
        try
        {
            confinement = await Confinement.FindAsync();
        }
        catch (SeguroException refused) when (refused.Code is ErrorCode.NotConfined)
        {
            Assert.Skip(refused.Message);
            throw;
        }
        RehearsalLimits limits = new(TimeSpan.FromMinutes(5), 1L << 30, 1L << 30);
        string[] command = ["sh", "-c", $"sh -c 'echo $$ >{_folder["inner"]}; echo up; exec sleep 1000' & echo $$ >{_folder["outer"]}; wait"];
        using CancellationTokenSource interrupt = new();
        Task running = confinement.RunAsync("step", _folder.Path, limits, command, line =>
        {
            if (line == "up")
                interrupt.Cancel();
            return false;
        }, interrupt.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        foreach (string name in (string[])["outer", "inner"])
        {
            if (File.Exists(_folder[name]) && int.TryParse(await File.ReadAllTextAsync(_folder[name], TestContext.Current.CancellationToken), out int id))
                Assert.False(IsAlive(id), $"the {name} process is there still");
        }
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>One that nobody has waited for yet does nothing any more.</summary>
    private static bool IsAlive(int id)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
