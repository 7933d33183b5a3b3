namespace Seguro.Vere.Relay;

/// <summary>Carries bytes between a king and a worker, through a <see cref="RelayMachine"/>.</summary>
/// <remarks>
/// It starts and ends no process. A direction reads its next bytes once the last ones are written, so that it holds one buffer besides what the machine holds; the two directions
/// never wait for each other. All its members may be called from any thread.
/// </remarks>
public sealed class RelayPump
{
    private const int BufferBytes = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly RelayMachine _machine;
    private readonly RelayEnd _king;
    private readonly RelayEnd _worker;
    private readonly Outlet _toKing;
    private readonly Outlet _toWorker;
    private readonly Action<RelayOutput> _report;
    private readonly List<RelayOutput> _outputs = [];
    private readonly TaskCompletionSource<RelayOutput.Ended> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Makes a pump that does nothing until <see cref="RunAsync"/>.</summary>
    /// <param name="machine">What decides; it belongs to the pump from now on.</param>
    /// <param name="king">The king's end; its <see cref="RelayEnd.Exited"/> is not looked at.</param>
    /// <param name="worker">The worker's end.</param>
    /// <param name="report">
    /// Is told of what no stream can do (<see cref="RelayOutput.Computed"/>, <see cref="RelayOutput.KillWorker"/> and so on), in order, one at a
    /// time; it must not wait, and may call <see cref="Give"/>
    /// only from elsewhere.
    /// </param>
    public RelayPump(RelayMachine machine, RelayEnd king, RelayEnd worker, Action<RelayOutput> report)
    {
        _machine = machine;
        _king = king;
        _worker = worker;
        _report = report;
        _toKing = new Outlet(king.Output);
        _toWorker = new Outlet(worker.Output);
    }

    /// <summary>Gives an input that comes from no stream: what the gate released, a wish for a snapshot, a lease that was lost.</summary>
    public void Give(RelayInput input)
    {
        lock (_lock)
        {
            try
            {
                _machine.Step(input, _outputs);
                foreach (RelayOutput output in _outputs)
                    Do(output);
            }
            catch (Exception e)
            {
                _ended.TrySetException(e);
                throw;
            }
            finally
            {
                _outputs.Clear();
            }
            TaskCompletionSource changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            changed.SetResult();
        }
    }

    /// <summary>Carries until the machine ends. Both ends' streams are closed then.</summary>
    /// <param name="cancel">
    /// Ends it as <see cref="RelayInput.Lost"/> does: the king hears nothing more, and the worker is to be killed. Without it, a king that lives and takes nothing more keeps it from ending.
    /// </param>
    public async Task<RelayOutput.Ended> RunAsync(CancellationToken cancel)
    {
        using CancellationTokenSource over = new();
        Task writing = Task.WhenAll(WriteToKingAsync(over.Token), _toWorker.RunAsync(over.Token));
        Task reading = Task.WhenAll(ReadKingAsync(over.Token), ReadWorkerAsync(over.Token));
        try
        {
            RelayOutput.Ended ended;
            using (cancel.Register(() => Give(new RelayInput.Lost())))
                ended = await _ended.Task;
            _toKing.Close();
            using (cancel.Register(over.Cancel))
                await _toKing.WrittenAsync();
            return ended;
        }
        finally
        {
            await over.CancelAsync();
            await writing;
            await _king.Input.DisposeAsync();
            await _worker.Input.DisposeAsync();
            await reading;
        }
    }

    private void Do(RelayOutput output)
    {
        switch (output)
        {
            case RelayOutput.ToKing king:
                _toKing.Write(king.Bytes);
                break;
            case RelayOutput.ToWorker worker:
                _toWorker.Write(worker.Bytes);
                break;
            case RelayOutput.CloseWorker:
                _toWorker.Close();
                break;
            case RelayOutput.Ended ended:
                _ended.TrySetResult(ended);
                break;
            default:
                _report(output);
                break;
        }
    }

    private async Task WriteToKingAsync(CancellationToken over)
    {
        if (!await _toKing.RunAsync(over))
            Give(new RelayInput.KingGone());
    }

    private async Task ReadKingAsync(CancellationToken over)
    {
        if (await ReadAsync(_king.Input, () => _machine.MayReadKing, static bytes => new RelayInput.KingSent(bytes), _toWorker, over))
            Give(new RelayInput.KingGone());
    }

    private async Task ReadWorkerAsync(CancellationToken over)
    {
        if (!await ReadAsync(_worker.Input, () => _machine.MayReadWorker, static bytes => new RelayInput.WorkerSent(bytes), _toKing, over))
            return;
        try
        {
            Give(new RelayInput.WorkerGone(await _worker.Exited.WaitAsync(over)));
        }
        catch (OperationCanceledException)
        {
            // It is over, for another reason.
        }
    }

    /// <summary>Reads to the end of a stream.</summary>
    /// <returns>False where the whole was over before.</returns>
    private async Task<bool> ReadAsync(Stream input, Func<bool> may, Func<ReadOnlyMemory<byte>, RelayInput> make, Outlet target, CancellationToken over)
    {
        byte[] buffer = new byte[BufferBytes];
        try
        {
            while (true)
            {
                await RoomAsync(may, over);
                int read = await input.ReadAsync(buffer, over);
                if (read == 0)
                    return true;
                Give(make(buffer.AsMemory(0, read)));
                // What passes is still in the buffer.
                await target.WrittenAsync();
            }
        }
        catch (IOException)
        {
            return true;
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }

    private async Task RoomAsync(Func<bool> may, CancellationToken over)
    {
        while (true)
        {
            Task change;
            lock (_lock)
            {
                if (may())
                    return;
                change = _changed.Task;
            }
            await change.WaitAsync(over);
        }
    }
}
