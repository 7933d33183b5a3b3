using System.Buffers;
using System.Collections.Concurrent;
using System.CommandLine;
using System.Text;
using System.Text.Json;
using Seguro.Cli;
using Seguro.Cli.Output;

namespace Seguro.Tests.Cli;

/// <summary>One command line, run in this process, and what it printed.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Errors, byte[] Raw)
{
    /// <summary>The only line of JSON that it printed.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public static Task<CommandRun> OfAsync(params string[] args) => OfAsync([], args, TestContext.Current.CancellationToken);

    public static async Task<CommandRun> OfAsync(byte[] input, string[] args, CancellationToken cancel)
    {
        if (!Desk.Free.TryTake(out Desk? desk))
            desk = new Desk();
        CommandRun run = await desk.RunAsync(input, args, cancel);
        Desk.Free.Add(desk);
        return run;
    }

    /// <summary>Asserts success, with what was printed as the message.</summary>
    public CommandRun Ok()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}\n{Errors}");
        return this;
    }

    /// <summary>Asserts an error: its code, exit code, words that the message must have, and that there is a next step.</summary>
    public CommandRun Fails(string code, int exitCode, params string[] words)
    {
        string all = Output + Errors;
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode}, not {exitCode}\n{all}");
        Assert.Contains(code, all, StringComparison.Ordinal);
        string flat = string.Join(' ', all.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.All(words, word => Assert.Contains(word, flat, StringComparison.OrdinalIgnoreCase));
        Assert.Contains("next", all, StringComparison.Ordinal);
        return this;
    }

    /// <summary>
    /// A terminal with the verbs made for it, used by one run at a time. They are not made for each run: a verb's options keep every command that they were ever part of,
    /// and look through all of them at each addition, so that a thousand runs would take longer and longer.
    /// </summary>
    private sealed class Desk
    {
        public static readonly ConcurrentBag<Desk> Free = [];
        private static readonly Lock Making = new();

        private readonly StringBuilder _output = new();
        private readonly StringBuilder _errors = new();
        private readonly Terminal _terminal;
        private readonly RootCommand _verbs;
        private byte[] _input = [];
        private ArrayBufferWriter<byte> _raw = new();

        public Desk()
        {
            _terminal = new Terminal(new StringWriter(_output), new StringWriter(_errors), () => new MemoryStream(_input), () => new Kept(_raw), isInteractive: false);
            lock (Making)
                _verbs = SeguroCommand.Create(_terminal);
        }

        public async Task<CommandRun> RunAsync(byte[] input, string[] args, CancellationToken cancel)
        {
            _output.Clear();
            _errors.Clear();
            (_input, _raw) = (input, new ArrayBufferWriter<byte>());
            int code = await SeguroCommand.RunAsync(_verbs, args, _terminal, cancel);
            return new CommandRun(code, _output.ToString(), _errors.ToString(), _raw.WrittenSpan.ToArray());
        }
    }

    private sealed class Kept(ArrayBufferWriter<byte> kept) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => kept.WrittenCount;

        public override long Position { get => kept.WrittenCount; set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => kept.Write(buffer.AsSpan(offset, count));
    }
}
