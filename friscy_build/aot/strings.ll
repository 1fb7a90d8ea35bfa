; 080b478f6521a2da GUEST_START=0x10000 GUEST_END=0x9ffe0000
define range(i64 -1, 2684223489) i64 @string_move(i64 noundef %to, i64 noundef %from, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %cmp = icmp ugt i64 %n, 64
  %cmp.i139 = icmp ugt i64 %to, 2684223488
  br i1 %cmp, label %if.then, label %if.end

if.then:                                          ; preds = %entry
  %sub.i140 = sub i64 2684223488, %to
  %cmp1.i141 = icmp ugt i64 %n, %sub.i140
  %.not = or i1 %cmp.i139, %cmp1.i141
  br i1 %.not, label %return, label %land.lhs.true

land.lhs.true:                                    ; preds = %if.then
  %cmp.i136 = icmp ugt i64 %from, 2684223488
  %sub.i137 = sub i64 2684223488, %from
  %cmp1.i = icmp ugt i64 %n, %sub.i137
  %.not143 = or i1 %cmp.i136, %cmp1.i
  br i1 %.not143, label %return, label %cond.true

cond.true:                                        ; preds = %land.lhs.true
  %conv = trunc nuw i64 %from to i32
  %conv3 = trunc i64 %n to i32
  %call4 = tail call fastcc i64 @move_many(i64 noundef %to, i32 noundef %conv, i32 noundef %conv3)
  br label %return

if.end:                                           ; preds = %entry
  %cmp.i = icmp ugt i64 %from, 2684223488
  %or.cond = or i1 %cmp.i139, %cmp.i
  br i1 %or.cond, label %return, label %if.end10

if.end10:                                         ; preds = %if.end
  %conv11 = trunc nuw nsw i64 %n to i32
  %conv12 = trunc nuw i64 %to to i32
  %0 = inttoptr i32 %conv12 to ptr
  %conv14 = trunc nuw i64 %from to i32
  %1 = inttoptr i32 %conv14 to ptr
  %cmp16 = icmp samesign ugt i64 %n, 32
  br i1 %cmp16, label %if.then18, label %if.else

if.then18:                                        ; preds = %if.end10
  %2 = load <16 x i8>, ptr %1, align 1
  %add.ptr = getelementptr inbounds nuw i8, ptr %1, i32 16
  %3 = load <16 x i8>, ptr %add.ptr, align 1
  %add.ptr21 = getelementptr inbounds nuw i8, ptr %1, i32 %conv11
  %add.ptr22 = getelementptr inbounds i8, ptr %add.ptr21, i32 -32
  %4 = load <16 x i8>, ptr %add.ptr22, align 1
  %add.ptr25 = getelementptr inbounds i8, ptr %add.ptr21, i32 -16
  %5 = load <16 x i8>, ptr %add.ptr25, align 1
  store <16 x i8> %2, ptr %0, align 1
  %add.ptr27 = getelementptr inbounds nuw i8, ptr %0, i32 16
  store <16 x i8> %3, ptr %add.ptr27, align 1
  %add.ptr28 = getelementptr inbounds nuw i8, ptr %0, i32 %conv11
  %add.ptr29 = getelementptr inbounds i8, ptr %add.ptr28, i32 -32
  store <16 x i8> %4, ptr %add.ptr29, align 1
  %add.ptr31 = getelementptr inbounds i8, ptr %add.ptr28, i32 -16
  store <16 x i8> %5, ptr %add.ptr31, align 1
  br label %return

if.else:                                          ; preds = %if.end10
  %cmp32 = icmp samesign ugt i64 %n, 15
  br i1 %cmp32, label %if.then34, label %if.else43

if.then34:                                        ; preds = %if.else
  %6 = load <16 x i8>, ptr %1, align 1
  %add.ptr38 = getelementptr inbounds nuw i8, ptr %1, i32 %conv11
  %add.ptr39 = getelementptr inbounds i8, ptr %add.ptr38, i32 -16
  %7 = load <16 x i8>, ptr %add.ptr39, align 1
  store <16 x i8> %6, ptr %0, align 1
  %add.ptr41 = getelementptr inbounds nuw i8, ptr %0, i32 %conv11
  %add.ptr42 = getelementptr inbounds i8, ptr %add.ptr41, i32 -16
  store <16 x i8> %7, ptr %add.ptr42, align 1
  br label %return

if.else43:                                        ; preds = %if.else
  %cmp44 = icmp samesign ugt i64 %n, 7
  br i1 %cmp44, label %if.then46, label %if.else53

if.then46:                                        ; preds = %if.else43
  %8 = load i64, ptr %1, align 1
  %add.ptr49 = getelementptr inbounds nuw i8, ptr %1, i32 %conv11
  %add.ptr50 = getelementptr inbounds i8, ptr %add.ptr49, i32 -8
  %9 = load i64, ptr %add.ptr50, align 1
  store i64 %8, ptr %0, align 1
  %add.ptr51 = getelementptr inbounds nuw i8, ptr %0, i32 %conv11
  %add.ptr52 = getelementptr inbounds i8, ptr %add.ptr51, i32 -8
  store i64 %9, ptr %add.ptr52, align 1
  br label %return

if.else53:                                        ; preds = %if.else43
  %cmp54 = icmp samesign ugt i64 %n, 3
  br i1 %cmp54, label %if.then56, label %if.else63

if.then56:                                        ; preds = %if.else53
  %10 = load i32, ptr %1, align 1
  %add.ptr59 = getelementptr inbounds nuw i8, ptr %1, i32 %conv11
  %add.ptr60 = getelementptr inbounds i8, ptr %add.ptr59, i32 -4
  %11 = load i32, ptr %add.ptr60, align 1
  store i32 %10, ptr %0, align 1
  %add.ptr61 = getelementptr inbounds nuw i8, ptr %0, i32 %conv11
  %add.ptr62 = getelementptr inbounds i8, ptr %add.ptr61, i32 -4
  store i32 %11, ptr %add.ptr62, align 1
  br label %return

if.else63:                                        ; preds = %if.else53
  %tobool64.not = icmp eq i64 %n, 0
  br i1 %tobool64.not, label %return, label %if.then65

if.then65:                                        ; preds = %if.else63
  %12 = load i8, ptr %1, align 1
  %div132 = lshr i32 %conv11, 1
  %arrayidx = getelementptr inbounds nuw i8, ptr %1, i32 %div132
  %13 = load i8, ptr %arrayidx, align 1
  %sub = add nsw i32 %conv11, -1
  %arrayidx69 = getelementptr inbounds nuw i8, ptr %1, i32 %sub
  %14 = load i8, ptr %arrayidx69, align 1
  store i8 %12, ptr %0, align 1
  %arrayidx71 = getelementptr inbounds nuw i8, ptr %0, i32 %div132
  store i8 %13, ptr %arrayidx71, align 1
  %arrayidx73 = getelementptr inbounds nuw i8, ptr %0, i32 %sub
  store i8 %14, ptr %arrayidx73, align 1
  br label %return

return:                                           ; preds = %if.then18, %if.then46, %if.else63, %if.then65, %if.then56, %if.then34, %if.end, %cond.true, %land.lhs.true, %if.then
  %retval.0 = phi i64 [ -1, %if.then ], [ -1, %if.end ], [ %to, %cond.true ], [ -1, %land.lhs.true ], [ %to, %if.then18 ], [ %to, %if.then34 ], [ %to, %if.then56 ], [ %to, %if.then65 ], [ %to, %if.else63 ], [ %to, %if.then46 ]
  ret i64 %retval.0
}

define internal fastcc noundef i64 @move_many(i64 noundef returned %to, i32 noundef %from, i32 noundef %n) unnamed_addr noinline nounwind null_pointer_is_valid {
entry:
  %conv = trunc i64 %to to i32
  %0 = inttoptr i32 %conv to ptr
  %1 = inttoptr i32 %from to ptr
  %cmp = icmp ugt i32 %n, 511
  br i1 %cmp, label %if.then, label %if.end

if.then:                                          ; preds = %entry
  %2 = load volatile i8, ptr %1, align 1
  %or.i = or i32 %from, 4095
  %add.i = add i32 %or.i, 1
  %add1.i = add i32 %n, %from
  %cmp.i132 = icmp ult i32 %add.i, %add1.i
  br i1 %cmp.i132, label %for.body.i, label %touch_to_read.exit

for.body.i:                                       ; preds = %if.then, %for.body.i
  %page.0.i133 = phi i32 [ %add2.i, %for.body.i ], [ %add.i, %if.then ]
  %3 = inttoptr i32 %page.0.i133 to ptr
  %4 = load volatile i8, ptr %3, align 4096
  %add2.i = add i32 %page.0.i133, 4096
  %cmp.i = icmp ult i32 %add2.i, %add1.i
  br i1 %cmp.i, label %for.body.i, label %touch_to_read.exit

touch_to_read.exit:                               ; preds = %for.body.i, %if.then
  %5 = load volatile i8, ptr %0, align 1
  store volatile i8 %5, ptr %0, align 1
  %or.i124 = or i32 %conv, 4095
  %add.i125 = add i32 %or.i124, 1
  %add1.i128 = add i32 %n, %conv
  %cmp.i129134 = icmp ult i32 %add.i125, %add1.i128
  br i1 %cmp.i129134, label %for.body.i130, label %touch_to_write.exit

for.body.i130:                                    ; preds = %touch_to_read.exit, %for.body.i130
  %page.0.i127135 = phi i32 [ %add2.i131, %for.body.i130 ], [ %add.i125, %touch_to_read.exit ]
  %6 = inttoptr i32 %page.0.i127135 to ptr
  %7 = load volatile i8, ptr %6, align 4096
  store volatile i8 %7, ptr %6, align 4096
  %add2.i131 = add i32 %page.0.i127135, 4096
  %cmp.i129 = icmp ult i32 %add2.i131, %add1.i128
  br i1 %cmp.i129, label %for.body.i130, label %touch_to_write.exit

touch_to_write.exit:                              ; preds = %for.body.i130, %touch_to_read.exit
  tail call void @llvm.memmove.p0.p0.i32(ptr align 1 %0, ptr align 1 %1, i32 %n, i1 false)
  br label %cleanup

if.end:                                           ; preds = %entry
  %add.ptr = getelementptr inbounds nuw i8, ptr %0, i32 %n
  %add.ptr4 = getelementptr inbounds i8, ptr %add.ptr, i32 -64
  %add.ptr5 = getelementptr inbounds nuw i8, ptr %1, i32 %n
  %add.ptr6 = getelementptr inbounds i8, ptr %add.ptr5, i32 -64
  %sub = sub i32 %conv, %from
  %cmp8.not = icmp ult i32 %sub, %n
  br i1 %cmp8.not, label %if.else, label %if.then10

if.then10:                                        ; preds = %if.end
  %8 = load <16 x i8>, ptr %add.ptr6, align 1
  %add.ptr12 = getelementptr inbounds i8, ptr %add.ptr5, i32 -48
  %9 = load <16 x i8>, ptr %add.ptr12, align 1
  %add.ptr14 = getelementptr inbounds i8, ptr %add.ptr5, i32 -32
  %10 = load <16 x i8>, ptr %add.ptr14, align 1
  %add.ptr16 = getelementptr inbounds i8, ptr %add.ptr5, i32 -16
  %11 = load <16 x i8>, ptr %add.ptr16, align 1
  br label %do.body

do.body:                                          ; preds = %do.body, %if.then10
  %s.0 = phi ptr [ %1, %if.then10 ], [ %add.ptr29, %do.body ]
  %d.0 = phi ptr [ %0, %if.then10 ], [ %add.ptr28, %do.body ]
  %12 = load <16 x i8>, ptr %s.0, align 1
  %add.ptr19 = getelementptr inbounds nuw i8, ptr %s.0, i32 16
  %13 = load <16 x i8>, ptr %add.ptr19, align 1
  %add.ptr21 = getelementptr inbounds nuw i8, ptr %s.0, i32 32
  %14 = load <16 x i8>, ptr %add.ptr21, align 1
  %add.ptr23 = getelementptr inbounds nuw i8, ptr %s.0, i32 48
  %15 = load <16 x i8>, ptr %add.ptr23, align 1
  store <16 x i8> %12, ptr %d.0, align 1
  %add.ptr25 = getelementptr inbounds nuw i8, ptr %d.0, i32 16
  store <16 x i8> %13, ptr %add.ptr25, align 1
  %add.ptr26 = getelementptr inbounds nuw i8, ptr %d.0, i32 32
  store <16 x i8> %14, ptr %add.ptr26, align 1
  %add.ptr27 = getelementptr inbounds nuw i8, ptr %d.0, i32 48
  store <16 x i8> %15, ptr %add.ptr27, align 1
  %add.ptr28 = getelementptr inbounds nuw i8, ptr %d.0, i32 64
  %add.ptr29 = getelementptr inbounds nuw i8, ptr %s.0, i32 64
  %cmp30 = icmp ult ptr %add.ptr28, %add.ptr4
  br i1 %cmp30, label %do.body, label %do.end

do.end:                                           ; preds = %do.body
  store <16 x i8> %8, ptr %add.ptr4, align 1
  %add.ptr32 = getelementptr inbounds i8, ptr %add.ptr, i32 -48
  store <16 x i8> %9, ptr %add.ptr32, align 1
  %add.ptr33 = getelementptr inbounds i8, ptr %add.ptr, i32 -32
  store <16 x i8> %10, ptr %add.ptr33, align 1
  %add.ptr34 = getelementptr inbounds i8, ptr %add.ptr, i32 -16
  store <16 x i8> %11, ptr %add.ptr34, align 1
  br label %cleanup

if.else:                                          ; preds = %if.end
  %16 = load <16 x i8>, ptr %1, align 1
  %add.ptr38 = getelementptr inbounds nuw i8, ptr %1, i32 16
  %17 = load <16 x i8>, ptr %add.ptr38, align 1
  %add.ptr41 = getelementptr inbounds nuw i8, ptr %1, i32 32
  %18 = load <16 x i8>, ptr %add.ptr41, align 1
  %add.ptr44 = getelementptr inbounds nuw i8, ptr %1, i32 48
  %19 = load <16 x i8>, ptr %add.ptr44, align 1
  br label %do.body46

do.body46:                                        ; preds = %do.body46, %if.else
  %tail.0 = phi ptr [ %add.ptr6, %if.else ], [ %add.ptr62, %do.body46 ]
  %last.0 = phi ptr [ %add.ptr4, %if.else ], [ %add.ptr61, %do.body46 ]
  %20 = load <16 x i8>, ptr %tail.0, align 1
  %add.ptr50 = getelementptr inbounds nuw i8, ptr %tail.0, i32 16
  %21 = load <16 x i8>, ptr %add.ptr50, align 1
  %add.ptr53 = getelementptr inbounds nuw i8, ptr %tail.0, i32 32
  %22 = load <16 x i8>, ptr %add.ptr53, align 1
  %add.ptr56 = getelementptr inbounds nuw i8, ptr %tail.0, i32 48
  %23 = load <16 x i8>, ptr %add.ptr56, align 1
  store <16 x i8> %20, ptr %last.0, align 1
  %add.ptr58 = getelementptr inbounds nuw i8, ptr %last.0, i32 16
  store <16 x i8> %21, ptr %add.ptr58, align 1
  %add.ptr59 = getelementptr inbounds nuw i8, ptr %last.0, i32 32
  store <16 x i8> %22, ptr %add.ptr59, align 1
  %add.ptr60 = getelementptr inbounds nuw i8, ptr %last.0, i32 48
  store <16 x i8> %23, ptr %add.ptr60, align 1
  %add.ptr61 = getelementptr inbounds i8, ptr %last.0, i32 -64
  %add.ptr62 = getelementptr inbounds i8, ptr %tail.0, i32 -64
  %cmp64 = icmp ugt ptr %add.ptr61, %0
  br i1 %cmp64, label %do.body46, label %do.end66

do.end66:                                         ; preds = %do.body46
  store <16 x i8> %16, ptr %0, align 1
  %add.ptr67 = getelementptr inbounds nuw i8, ptr %0, i32 16
  store <16 x i8> %17, ptr %add.ptr67, align 1
  %add.ptr68 = getelementptr inbounds nuw i8, ptr %0, i32 32
  store <16 x i8> %18, ptr %add.ptr68, align 1
  %add.ptr69 = getelementptr inbounds nuw i8, ptr %0, i32 48
  store <16 x i8> %19, ptr %add.ptr69, align 1
  br label %cleanup

cleanup:                                          ; preds = %do.end, %do.end66, %touch_to_write.exit
  ret i64 %to
}

define range(i64 -1, 2684223489) i64 @string_set(i64 noundef %to, i64 noundef %value, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %cmp.i = icmp ugt i64 %to, 2684223488
  %sub.i = sub i64 2684223488, %to
  %cmp1.i = icmp ugt i64 %n, %sub.i
  %.not = or i1 %cmp.i, %cmp1.i
  br i1 %.not, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw i64 %to to i32
  %0 = inttoptr i32 %conv to ptr
  %conv2 = trunc i64 %value to i8
  %conv3 = trunc i64 %n to i32
  %cmp = icmp ugt i32 %conv3, 15
  br i1 %cmp, label %if.then5, label %if.end29

if.then5:                                         ; preds = %if.end
  %cmp6 = icmp ugt i32 %conv3, 511
  br i1 %cmp6, label %if.then8, label %if.end10

if.then8:                                         ; preds = %if.then5
  %call9 = tail call fastcc i64 @set_many(i64 noundef %to, i8 noundef zeroext %conv2, i32 noundef %conv3)
  br label %return

if.end10:                                         ; preds = %if.then5
  %splat.splatinsert = insertelement <16 x i8> poison, i8 %conv2, i64 0
  %splat.splat = shufflevector <16 x i8> %splat.splatinsert, <16 x i8> poison, <16 x i32> zeroinitializer
  %add.ptr = getelementptr inbounds nuw i8, ptr %0, i32 %conv3
  %cmp11 = icmp samesign ugt i32 %conv3, 32
  br i1 %cmp11, label %if.then13, label %if.end27

if.then13:                                        ; preds = %if.end10
  %cmp14 = icmp samesign ugt i32 %conv3, 64
  br i1 %cmp14, label %if.then16, label %if.end24

if.then16:                                        ; preds = %if.then13
  %add.ptr17 = getelementptr inbounds i8, ptr %add.ptr, i32 -64
  br label %do.body

do.body:                                          ; preds = %do.body, %if.then16
  %d.0 = phi ptr [ %0, %if.then16 ], [ %add.ptr21, %do.body ]
  store <16 x i8> %splat.splat, ptr %d.0, align 1
  %add.ptr18 = getelementptr inbounds nuw i8, ptr %d.0, i32 16
  store <16 x i8> %splat.splat, ptr %add.ptr18, align 1
  %add.ptr19 = getelementptr inbounds nuw i8, ptr %d.0, i32 32
  store <16 x i8> %splat.splat, ptr %add.ptr19, align 1
  %add.ptr20 = getelementptr inbounds nuw i8, ptr %d.0, i32 48
  store <16 x i8> %splat.splat, ptr %add.ptr20, align 1
  %add.ptr21 = getelementptr inbounds nuw i8, ptr %d.0, i32 64
  %cmp22 = icmp ult ptr %add.ptr21, %add.ptr17
  br i1 %cmp22, label %do.body, label %if.end24

if.end24:                                         ; preds = %do.body, %if.then13
  %d.1 = phi ptr [ %0, %if.then13 ], [ %add.ptr17, %do.body ]
  %add.ptr25 = getelementptr inbounds nuw i8, ptr %d.1, i32 16
  store <16 x i8> %splat.splat, ptr %add.ptr25, align 1
  %add.ptr26 = getelementptr inbounds i8, ptr %add.ptr, i32 -32
  store <16 x i8> %splat.splat, ptr %add.ptr26, align 1
  br label %if.end27

if.end27:                                         ; preds = %if.end24, %if.end10
  %d.2 = phi ptr [ %d.1, %if.end24 ], [ %0, %if.end10 ]
  store <16 x i8> %splat.splat, ptr %d.2, align 1
  %add.ptr28 = getelementptr inbounds i8, ptr %add.ptr, i32 -16
  store <16 x i8> %splat.splat, ptr %add.ptr28, align 1
  br label %return

if.end29:                                         ; preds = %if.end
  %conv30 = and i64 %value, 255
  %mul = mul nuw i64 %conv30, 72340172838076673
  %cmp31 = icmp samesign ugt i32 %conv3, 7
  br i1 %cmp31, label %if.then33, label %if.else

if.then33:                                        ; preds = %if.end29
  store i64 %mul, ptr %0, align 1
  %add.ptr34 = getelementptr inbounds nuw i8, ptr %0, i32 %conv3
  %add.ptr35 = getelementptr inbounds i8, ptr %add.ptr34, i32 -8
  store i64 %mul, ptr %add.ptr35, align 1
  br label %return

if.else:                                          ; preds = %if.end29
  %cmp36 = icmp samesign ugt i32 %conv3, 3
  br i1 %cmp36, label %if.then38, label %if.else43

if.then38:                                        ; preds = %if.else
  %conv39 = trunc i64 %mul to i32
  store i32 %conv39, ptr %0, align 1
  %add.ptr41 = getelementptr inbounds nuw i8, ptr %0, i32 %conv3
  %add.ptr42 = getelementptr inbounds i8, ptr %add.ptr41, i32 -4
  store i32 %conv39, ptr %add.ptr42, align 1
  br label %return

if.else43:                                        ; preds = %if.else
  %tobool44.not = icmp eq i32 %conv3, 0
  br i1 %tobool44.not, label %return, label %if.then45

if.then45:                                        ; preds = %if.else43
  store i8 %conv2, ptr %0, align 1
  %div102 = lshr i32 %conv3, 1
  %arrayidx = getelementptr inbounds nuw i8, ptr %0, i32 %div102
  store i8 %conv2, ptr %arrayidx, align 1
  %1 = getelementptr i8, ptr %0, i32 %conv3
  %arrayidx46 = getelementptr i8, ptr %1, i32 -1
  store i8 %conv2, ptr %arrayidx46, align 1
  br label %return

return:                                           ; preds = %if.then8, %if.end27, %if.then38, %if.then45, %if.else43, %if.then33, %entry
  %retval.1 = phi i64 [ -1, %entry ], [ %to, %if.then8 ], [ %to, %if.end27 ], [ %to, %if.then38 ], [ %to, %if.then45 ], [ %to, %if.else43 ], [ %to, %if.then33 ]
  ret i64 %retval.1
}

define internal fastcc noundef i64 @set_many(i64 noundef returned %to, i8 noundef zeroext %c, i32 noundef range(i32 512, 0) %n) unnamed_addr noinline nounwind null_pointer_is_valid {
entry:
  %conv = trunc i64 %to to i32
  %0 = inttoptr i32 %conv to ptr
  %1 = load volatile i8, ptr %0, align 1
  store volatile i8 %1, ptr %0, align 1
  %or.i = or i32 %conv, 4095
  %add.i = add i32 %or.i, 1
  %add1.i = add i32 %n, %conv
  %cmp.i6 = icmp ult i32 %add.i, %add1.i
  br i1 %cmp.i6, label %for.body.i, label %touch_to_write.exit

for.body.i:                                       ; preds = %entry, %for.body.i
  %page.0.i7 = phi i32 [ %add2.i, %for.body.i ], [ %add.i, %entry ]
  %2 = inttoptr i32 %page.0.i7 to ptr
  %3 = load volatile i8, ptr %2, align 4096
  store volatile i8 %3, ptr %2, align 4096
  %add2.i = add i32 %page.0.i7, 4096
  %cmp.i = icmp ult i32 %add2.i, %add1.i
  br i1 %cmp.i, label %for.body.i, label %touch_to_write.exit

touch_to_write.exit:                              ; preds = %for.body.i, %entry
  tail call void @llvm.memset.p0.i32(ptr noundef align 1 %0, i8 %c, i32 %n, i1 false)
  ret i64 %to
}

define range(i64 -1, 4294967296) i64 @string_compare_bytes(i64 noundef %one, i64 noundef %other, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %cmp.i12 = icmp ugt i64 %one, 2684223488
  %sub.i13 = sub i64 2684223488, %one
  %cmp1.i14 = icmp ugt i64 %n, %sub.i13
  %.not = or i1 %cmp.i12, %cmp1.i14
  br i1 %.not, label %return, label %lor.lhs.false

lor.lhs.false:                                    ; preds = %entry
  %cmp.i = icmp ugt i64 %other, 2684223488
  %sub.i = sub i64 2684223488, %other
  %cmp1.i = icmp ugt i64 %n, %sub.i
  %.not50 = or i1 %cmp.i, %cmp1.i
  br i1 %.not50, label %return, label %if.end

if.end:                                           ; preds = %lor.lhs.false
  %tobool3.not = icmp eq i64 %n, 0
  br i1 %tobool3.not, label %return, label %cond.true

cond.true:                                        ; preds = %if.end
  %conv = trunc nuw i64 %one to i32
  %conv4 = trunc nuw i64 %other to i32
  %0 = inttoptr i32 %conv to ptr
  %1 = inttoptr i32 %conv4 to ptr
  br label %for.cond.i

for.cond.i:                                       ; preds = %cleanup108.i, %cond.true
  %b.0.i = phi ptr [ %1, %cond.true ], [ %b.6.i, %cleanup108.i ]
  %a.0.i = phi ptr [ %0, %cond.true ], [ %a.6.i, %cleanup108.i ]
  %n.addr.0.i = phi i64 [ %n, %cond.true ], [ %n.addr.3.i, %cleanup108.i ]
  %2 = ptrtoint ptr %a.0.i to i32
  %and.i19 = and i32 %2, 4095
  %sub.i20 = sub nuw nsw i32 4096, %and.i19
  %3 = ptrtoint ptr %b.0.i to i32
  %and.i = and i32 %3, 4095
  %sub.i18 = sub nuw nsw i32 4096, %and.i
  %cond.i = tail call i32 @llvm.umin.i32(i32 %sub.i20, i32 %sub.i18)
  %cmp.i16 = icmp samesign ugt i32 %cond.i, 15
  br i1 %cmp.i16, label %if.then.i, label %if.else.i

if.then.i:                                        ; preds = %for.cond.i
  %4 = load <16 x i8>, ptr %a.0.i, align 1
  %5 = load <16 x i8>, ptr %b.0.i, align 1
  %cmp.i27 = icmp ne <16 x i8> %4, %5
  %sext.i23 = sext <16 x i1> %cmp.i27 to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i23)
  %tobool.not.i = icmp eq i32 %6, 0
  br i1 %tobool.not.i, label %if.end.i, label %if.then7.i

if.then7.i:                                       ; preds = %if.then.i
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %6, i1 true)
  %conv9.i = zext nneg i32 %7 to i64
  %cmp10.i = icmp ugt i64 %n.addr.0.i, %conv9.i
  br i1 %cmp10.i, label %cond.true.i, label %compare.exit

cond.true.i:                                      ; preds = %if.then7.i
  %arrayidx.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %7
  %8 = load i8, ptr %arrayidx.i, align 1
  %conv12.i = zext i8 %8 to i64
  %arrayidx13.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %7
  %9 = load i8, ptr %arrayidx13.i, align 1
  %conv14.i = zext i8 %9 to i64
  %sub.i17 = sub nsw i64 %conv12.i, %conv14.i
  br label %compare.exit

if.end.i:                                         ; preds = %if.then.i
  %cmp15.i = icmp ult i64 %n.addr.0.i, 17
  br i1 %cmp15.i, label %compare.exit, label %if.end18.i

if.end18.i:                                       ; preds = %if.end.i
  %conv19.i = zext nneg i32 %cond.i to i64
  %spec.select.i52 = tail call i64 @llvm.umin.i64(i64 %n.addr.0.i, i64 %conv19.i)
  %spec.select.i = trunc nuw nsw i64 %spec.select.i52 to i32
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %spec.select.i
  %add.ptr25.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 16
  %add.ptr26.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 16
  %cmp28.not.i70 = icmp samesign ult i64 %spec.select.i52, 80
  br i1 %cmp28.not.i70, label %while.end.i, label %land.rhs.i.preheader

land.rhs.i.preheader:                             ; preds = %if.end18.i
  %add.ptr27.i69 = getelementptr inbounds nuw i8, ptr %a.0.i, i32 80
  br label %land.rhs.i

land.rhs.i:                                       ; preds = %land.rhs.i.preheader, %while.body.i
  %add.ptr27.i73 = phi ptr [ %add.ptr27.i, %while.body.i ], [ %add.ptr27.i69, %land.rhs.i.preheader ]
  %a.1.i72 = phi ptr [ %add.ptr27.i73, %while.body.i ], [ %add.ptr25.i, %land.rhs.i.preheader ]
  %b.1.i71 = phi ptr [ %add.ptr34.i, %while.body.i ], [ %add.ptr26.i, %land.rhs.i.preheader ]
  %10 = load <16 x i8>, ptr %a.1.i72, align 1
  %11 = load <16 x i8>, ptr %b.1.i71, align 1
  %cmp.i35.i = icmp eq <16 x i8> %10, %11
  %add.ptr.i32 = getelementptr inbounds nuw i8, ptr %a.1.i72, i32 16
  %add.ptr1.i = getelementptr inbounds nuw i8, ptr %b.1.i71, i32 16
  %12 = load <16 x i8>, ptr %add.ptr.i32, align 1
  %13 = load <16 x i8>, ptr %add.ptr1.i, align 1
  %cmp.i28.i = icmp eq <16 x i8> %12, %13
  %add.ptr3.i = getelementptr inbounds nuw i8, ptr %a.1.i72, i32 32
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %b.1.i71, i32 32
  %14 = load <16 x i8>, ptr %add.ptr3.i, align 1
  %15 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %cmp.i21.i = icmp eq <16 x i8> %14, %15
  %add.ptr6.i = getelementptr inbounds nuw i8, ptr %a.1.i72, i32 48
  %add.ptr7.i = getelementptr inbounds nuw i8, ptr %b.1.i71, i32 48
  %16 = load <16 x i8>, ptr %add.ptr6.i, align 1
  %17 = load <16 x i8>, ptr %add.ptr7.i, align 1
  %cmp.i.i = icmp eq <16 x i8> %16, %17
  %18 = and <16 x i1> %cmp.i35.i, %cmp.i28.i
  %19 = and <16 x i1> %cmp.i21.i, %cmp.i.i
  %20 = and <16 x i1> %18, %19
  %elt.min.i = sext <16 x i1> %20 to <16 x i8>
  %21 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i)
  %tobool.not.i31.not = icmp eq i32 %21, 0
  br i1 %tobool.not.i31.not, label %while.end.i, label %while.body.i

while.body.i:                                     ; preds = %land.rhs.i
  %add.ptr34.i = getelementptr inbounds nuw i8, ptr %b.1.i71, i32 64
  %add.ptr27.i = getelementptr inbounds nuw i8, ptr %add.ptr27.i73, i32 64
  %cmp28.not.i = icmp ugt ptr %add.ptr27.i, %add.ptr.i
  br i1 %cmp28.not.i, label %while.end.i, label %land.rhs.i

while.end.i:                                      ; preds = %while.body.i, %land.rhs.i, %if.end18.i
  %b.1.i.lcssa = phi ptr [ %add.ptr26.i, %if.end18.i ], [ %b.1.i71, %land.rhs.i ], [ %add.ptr34.i, %while.body.i ]
  %a.1.i.lcssa = phi ptr [ %add.ptr25.i, %if.end18.i ], [ %a.1.i72, %land.rhs.i ], [ %add.ptr27.i73, %while.body.i ]
  %cmp36.i.not77 = icmp ult ptr %a.1.i.lcssa, %add.ptr.i
  br i1 %cmp36.i.not77, label %while.body38.i.lr.ph, label %cleanup108.i

while.body38.i.lr.ph:                             ; preds = %while.end.i
  %sub.ptr.rhs.cast.i = ptrtoint ptr %add.ptr.i to i32
  br label %while.body38.i

while.body38.i:                                   ; preds = %while.body38.i.lr.ph, %cleanup.i
  %a.2.i79 = phi ptr [ %a.1.i.lcssa, %while.body38.i.lr.ph ], [ %add.ptr63.i, %cleanup.i ]
  %b.2.i78 = phi ptr [ %b.1.i.lcssa, %while.body38.i.lr.ph ], [ %add.ptr64.i, %cleanup.i ]
  %add.ptr39.i = getelementptr inbounds nuw i8, ptr %a.2.i79, i32 16
  %cmp40.i = icmp ugt ptr %add.ptr39.i, %add.ptr.i
  %sub.ptr.lhs.cast.i = ptrtoint ptr %add.ptr39.i to i32
  %sub.ptr.sub.neg.i = sub i32 %sub.ptr.rhs.cast.i, %sub.ptr.lhs.cast.i
  %cond46.neg.i = select i1 %cmp40.i, i32 %sub.ptr.sub.neg.i, i32 0
  %add.ptr47.i = getelementptr inbounds i8, ptr %a.2.i79, i32 %cond46.neg.i
  %add.ptr49.i = getelementptr inbounds i8, ptr %b.2.i78, i32 %cond46.neg.i
  %22 = load <16 x i8>, ptr %add.ptr47.i, align 1
  %23 = load <16 x i8>, ptr %add.ptr49.i, align 1
  %cmp.i24 = icmp ne <16 x i8> %22, %23
  %sext.i = sext <16 x i1> %cmp.i24 to <16 x i8>
  %24 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %tobool52.not.i = icmp eq i32 %24, 0
  br i1 %tobool52.not.i, label %cleanup.i, label %cleanup.i.thread

cleanup.i.thread:                                 ; preds = %while.body38.i
  %25 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %24, i1 true)
  %arrayidx57.i = getelementptr inbounds nuw i8, ptr %add.ptr47.i, i32 %25
  %26 = load i8, ptr %arrayidx57.i, align 1
  %conv58.i = zext i8 %26 to i64
  %arrayidx59.i = getelementptr inbounds nuw i8, ptr %add.ptr49.i, i32 %25
  %27 = load i8, ptr %arrayidx59.i, align 1
  %conv60.i = zext i8 %27 to i64
  %sub61.i = sub nsw i64 %conv58.i, %conv60.i
  br label %compare.exit

cleanup.i:                                        ; preds = %while.body38.i
  %add.ptr63.i = getelementptr inbounds nuw i8, ptr %add.ptr47.i, i32 16
  %add.ptr64.i = getelementptr inbounds nuw i8, ptr %add.ptr49.i, i32 16
  %cmp36.i.not = icmp ult ptr %add.ptr63.i, %add.ptr.i
  br i1 %cmp36.i.not, label %while.body38.i, label %cleanup108.i

if.else.i:                                        ; preds = %for.cond.i
  %conv72.i = zext nneg i32 %cond.i to i64
  %spec.select185.i51 = tail call i64 @llvm.umin.i64(i64 %n.addr.0.i, i64 %conv72.i)
  %spec.select185.i = trunc nuw nsw i64 %spec.select185.i51 to i32
  br label %for.body.i

for.cond79.i:                                     ; preds = %for.body.i
  %inc.i = add nuw nsw i32 %i78.0.i68, 1
  %exitcond.not = icmp eq i32 %inc.i, %spec.select185.i
  br i1 %exitcond.not, label %for.end.i, label %for.body.i

for.body.i:                                       ; preds = %if.else.i, %for.cond79.i
  %i78.0.i68 = phi i32 [ 0, %if.else.i ], [ %inc.i, %for.cond79.i ]
  %arrayidx82.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %i78.0.i68
  %28 = load i8, ptr %arrayidx82.i, align 1
  %arrayidx84.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %i78.0.i68
  %29 = load i8, ptr %arrayidx84.i, align 1
  %cmp86.not.i = icmp eq i8 %28, %29
  br i1 %cmp86.not.i, label %for.cond79.i, label %cleanup98.i.thread

cleanup98.i.thread:                               ; preds = %for.body.i
  %conv93.i = zext i8 %28 to i64
  %conv95.i = zext i8 %29 to i64
  %sub96.i = sub nsw i64 %conv93.i, %conv95.i
  br label %compare.exit

for.end.i:                                        ; preds = %for.cond79.i
  %add.ptr100.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %spec.select185.i
  %add.ptr101.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %spec.select185.i
  br label %cleanup108.i

cleanup108.i:                                     ; preds = %cleanup.i, %while.end.i, %for.end.i
  %b.6.i = phi ptr [ %add.ptr101.i, %for.end.i ], [ %b.1.i.lcssa, %while.end.i ], [ %add.ptr64.i, %cleanup.i ]
  %a.6.i = phi ptr [ %add.ptr100.i, %for.end.i ], [ %a.1.i.lcssa, %while.end.i ], [ %add.ptr63.i, %cleanup.i ]
  %spec.select.i52.pn = phi i64 [ %spec.select185.i51, %for.end.i ], [ %spec.select.i52, %while.end.i ], [ %spec.select.i52, %cleanup.i ]
  %n.addr.3.i = sub i64 %n.addr.0.i, %spec.select.i52.pn
  %tobool105.not.i.not = icmp eq i64 %n.addr.3.i, 0
  br i1 %tobool105.not.i.not, label %compare.exit, label %for.cond.i

compare.exit:                                     ; preds = %if.end.i, %cleanup108.i, %cleanup.i.thread, %if.then7.i, %cond.true.i, %cleanup98.i.thread
  %retval.7.i49 = phi i64 [ 0, %if.then7.i ], [ %sub96.i, %cleanup98.i.thread ], [ %sub61.i, %cleanup.i.thread ], [ %sub.i17, %cond.true.i ], [ 0, %cleanup108.i ], [ 0, %if.end.i ]
  %30 = and i64 %retval.7.i49, 4294967295
  br label %return

return:                                           ; preds = %compare.exit, %if.end, %entry, %lor.lhs.false
  %retval.0 = phi i64 [ -1, %entry ], [ -1, %lor.lhs.false ], [ %30, %compare.exit ], [ 0, %if.end ]
  ret i64 %retval.0
}

define range(i64 -1, 4294967296) i64 @string_compare(i64 noundef %one, i64 noundef %other) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %one, 2684223487
  %1 = icmp ugt i64 %other, 2684223487
  %or.cond57 = or i1 %0, %1
  br i1 %or.cond57, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw i64 %one to i32
  %conv3 = trunc nuw i64 %other to i32
  %2 = inttoptr i32 %conv to ptr
  %3 = inttoptr i32 %conv3 to ptr
  br label %for.cond.i

for.cond.i:                                       ; preds = %cleanup108.i, %if.end
  %b.0.i = phi ptr [ %3, %if.end ], [ %b.6.i, %cleanup108.i ]
  %a.0.i = phi ptr [ %2, %if.end ], [ %a.6.i, %cleanup108.i ]
  %n.addr.0.i = phi i64 [ -1, %if.end ], [ %n.addr.3.i, %cleanup108.i ]
  %4 = ptrtoint ptr %a.0.i to i32
  %and.i15 = and i32 %4, 4095
  %sub.i16 = sub nuw nsw i32 4096, %and.i15
  %5 = ptrtoint ptr %b.0.i to i32
  %and.i = and i32 %5, 4095
  %sub.i14 = sub nuw nsw i32 4096, %and.i
  %cond.i = tail call i32 @llvm.umin.i32(i32 %sub.i16, i32 %sub.i14)
  %cmp.i12 = icmp samesign ugt i32 %cond.i, 15
  br i1 %cmp.i12, label %if.then.i, label %if.else.i

if.then.i:                                        ; preds = %for.cond.i
  %6 = load <16 x i8>, ptr %a.0.i, align 1
  %7 = load <16 x i8>, ptr %b.0.i, align 1
  %cmp.i24 = icmp eq <16 x i8> %6, %7
  %sext.i25 = sext <16 x i1> %cmp.i24 to <16 x i8>
  %elt.min.i38 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i25, <16 x i8> %6)
  %cmp.i18 = icmp eq <16 x i8> %elt.min.i38, zeroinitializer
  %sext.i19 = sext <16 x i1> %cmp.i18 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i19)
  %tobool.not.i = icmp eq i32 %8, 0
  br i1 %tobool.not.i, label %if.end.i, label %if.then7.i

if.then7.i:                                       ; preds = %if.then.i
  %9 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %8, i1 true)
  %conv9.i = zext nneg i32 %9 to i64
  %cmp10.i = icmp ugt i64 %n.addr.0.i, %conv9.i
  br i1 %cmp10.i, label %cond.true.i, label %compare.exit

cond.true.i:                                      ; preds = %if.then7.i
  %arrayidx.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %9
  %10 = load i8, ptr %arrayidx.i, align 1
  %conv12.i = zext i8 %10 to i64
  %arrayidx13.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %9
  %11 = load i8, ptr %arrayidx13.i, align 1
  %conv14.i = zext i8 %11 to i64
  %sub.i13 = sub nsw i64 %conv12.i, %conv14.i
  br label %compare.exit

if.end.i:                                         ; preds = %if.then.i
  %cmp15.i = icmp ult i64 %n.addr.0.i, 17
  br i1 %cmp15.i, label %compare.exit, label %if.end18.i

if.end18.i:                                       ; preds = %if.end.i
  %conv19.i = zext nneg i32 %cond.i to i64
  %spec.select.i56 = tail call i64 @llvm.umin.i64(i64 %n.addr.0.i, i64 %conv19.i)
  %spec.select.i = trunc nuw nsw i64 %spec.select.i56 to i32
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %spec.select.i
  %add.ptr25.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 16
  %add.ptr26.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 16
  %cmp28.not.i75 = icmp samesign ult i64 %spec.select.i56, 80
  br i1 %cmp28.not.i75, label %while.end.i, label %land.rhs.i.preheader

land.rhs.i.preheader:                             ; preds = %if.end18.i
  %add.ptr27.i74 = getelementptr inbounds nuw i8, ptr %a.0.i, i32 80
  br label %land.rhs.i

land.rhs.i:                                       ; preds = %land.rhs.i.preheader, %while.body.i
  %add.ptr27.i78 = phi ptr [ %add.ptr27.i, %while.body.i ], [ %add.ptr27.i74, %land.rhs.i.preheader ]
  %a.1.i77 = phi ptr [ %add.ptr27.i78, %while.body.i ], [ %add.ptr25.i, %land.rhs.i.preheader ]
  %b.1.i76 = phi ptr [ %add.ptr34.i, %while.body.i ], [ %add.ptr26.i, %land.rhs.i.preheader ]
  %12 = load <16 x i8>, ptr %a.1.i77, align 1
  %13 = load <16 x i8>, ptr %b.1.i76, align 1
  %cmp.i35.i = icmp eq <16 x i8> %12, %13
  %sext.i36.i = sext <16 x i1> %cmp.i35.i to <16 x i8>
  %elt.min.i37 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i36.i, <16 x i8> %12)
  %add.ptr.i31 = getelementptr inbounds nuw i8, ptr %a.1.i77, i32 16
  %add.ptr1.i = getelementptr inbounds nuw i8, ptr %b.1.i76, i32 16
  %14 = load <16 x i8>, ptr %add.ptr.i31, align 1
  %15 = load <16 x i8>, ptr %add.ptr1.i, align 1
  %cmp.i28.i = icmp eq <16 x i8> %14, %15
  %sext.i29.i = sext <16 x i1> %cmp.i28.i to <16 x i8>
  %elt.min.i36 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i29.i, <16 x i8> %14)
  %add.ptr3.i = getelementptr inbounds nuw i8, ptr %a.1.i77, i32 32
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %b.1.i76, i32 32
  %16 = load <16 x i8>, ptr %add.ptr3.i, align 1
  %17 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %cmp.i21.i = icmp eq <16 x i8> %16, %17
  %sext.i22.i = sext <16 x i1> %cmp.i21.i to <16 x i8>
  %elt.min.i35 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i22.i, <16 x i8> %16)
  %add.ptr6.i = getelementptr inbounds nuw i8, ptr %a.1.i77, i32 48
  %add.ptr7.i = getelementptr inbounds nuw i8, ptr %b.1.i76, i32 48
  %18 = load <16 x i8>, ptr %add.ptr6.i, align 1
  %19 = load <16 x i8>, ptr %add.ptr7.i, align 1
  %cmp.i.i = icmp eq <16 x i8> %18, %19
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %elt.min.i34 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i.i, <16 x i8> %18)
  %elt.min.i33 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i37, <16 x i8> %elt.min.i36)
  %elt.min.i32 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i35, <16 x i8> %elt.min.i34)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i33, <16 x i8> %elt.min.i32)
  %20 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i)
  %tobool.not.i30.not = icmp eq i32 %20, 0
  br i1 %tobool.not.i30.not, label %while.end.i, label %while.body.i

while.body.i:                                     ; preds = %land.rhs.i
  %add.ptr34.i = getelementptr inbounds nuw i8, ptr %b.1.i76, i32 64
  %add.ptr27.i = getelementptr inbounds nuw i8, ptr %add.ptr27.i78, i32 64
  %cmp28.not.i = icmp ugt ptr %add.ptr27.i, %add.ptr.i
  br i1 %cmp28.not.i, label %while.end.i, label %land.rhs.i

while.end.i:                                      ; preds = %while.body.i, %land.rhs.i, %if.end18.i
  %b.1.i.lcssa = phi ptr [ %add.ptr26.i, %if.end18.i ], [ %b.1.i76, %land.rhs.i ], [ %add.ptr34.i, %while.body.i ]
  %a.1.i.lcssa = phi ptr [ %add.ptr25.i, %if.end18.i ], [ %a.1.i77, %land.rhs.i ], [ %add.ptr27.i78, %while.body.i ]
  %cmp36.i.not82 = icmp ult ptr %a.1.i.lcssa, %add.ptr.i
  br i1 %cmp36.i.not82, label %while.body38.i.lr.ph, label %cleanup108.i

while.body38.i.lr.ph:                             ; preds = %while.end.i
  %sub.ptr.rhs.cast.i = ptrtoint ptr %add.ptr.i to i32
  br label %while.body38.i

while.body38.i:                                   ; preds = %while.body38.i.lr.ph, %cleanup.i
  %a.2.i84 = phi ptr [ %a.1.i.lcssa, %while.body38.i.lr.ph ], [ %add.ptr63.i, %cleanup.i ]
  %b.2.i83 = phi ptr [ %b.1.i.lcssa, %while.body38.i.lr.ph ], [ %add.ptr64.i, %cleanup.i ]
  %add.ptr39.i = getelementptr inbounds nuw i8, ptr %a.2.i84, i32 16
  %cmp40.i = icmp ugt ptr %add.ptr39.i, %add.ptr.i
  %sub.ptr.lhs.cast.i = ptrtoint ptr %add.ptr39.i to i32
  %sub.ptr.sub.neg.i = sub i32 %sub.ptr.rhs.cast.i, %sub.ptr.lhs.cast.i
  %cond46.neg.i = select i1 %cmp40.i, i32 %sub.ptr.sub.neg.i, i32 0
  %add.ptr47.i = getelementptr inbounds i8, ptr %a.2.i84, i32 %cond46.neg.i
  %add.ptr49.i = getelementptr inbounds i8, ptr %b.2.i83, i32 %cond46.neg.i
  %21 = load <16 x i8>, ptr %add.ptr47.i, align 1
  %22 = load <16 x i8>, ptr %add.ptr49.i, align 1
  %cmp.i20 = icmp eq <16 x i8> %21, %22
  %sext.i21 = sext <16 x i1> %cmp.i20 to <16 x i8>
  %elt.min.i39 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i21, <16 x i8> %21)
  %cmp.i17 = icmp eq <16 x i8> %elt.min.i39, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i17 to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %tobool52.not.i = icmp eq i32 %23, 0
  br i1 %tobool52.not.i, label %cleanup.i, label %cleanup.i.thread

cleanup.i.thread:                                 ; preds = %while.body38.i
  %24 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %23, i1 true)
  %arrayidx57.i = getelementptr inbounds nuw i8, ptr %add.ptr47.i, i32 %24
  %25 = load i8, ptr %arrayidx57.i, align 1
  %conv58.i = zext i8 %25 to i64
  %arrayidx59.i = getelementptr inbounds nuw i8, ptr %add.ptr49.i, i32 %24
  %26 = load i8, ptr %arrayidx59.i, align 1
  %conv60.i = zext i8 %26 to i64
  %sub61.i = sub nsw i64 %conv58.i, %conv60.i
  br label %compare.exit

cleanup.i:                                        ; preds = %while.body38.i
  %add.ptr63.i = getelementptr inbounds nuw i8, ptr %add.ptr47.i, i32 16
  %add.ptr64.i = getelementptr inbounds nuw i8, ptr %add.ptr49.i, i32 16
  %cmp36.i.not = icmp ult ptr %add.ptr63.i, %add.ptr.i
  br i1 %cmp36.i.not, label %while.body38.i, label %cleanup108.i

if.else.i:                                        ; preds = %for.cond.i
  %conv72.i = zext nneg i32 %cond.i to i64
  %spec.select185.i55 = tail call i64 @llvm.umin.i64(i64 %n.addr.0.i, i64 %conv72.i)
  %spec.select185.i = trunc nuw nsw i64 %spec.select185.i55 to i32
  br label %for.body.i

for.cond79.i:                                     ; preds = %for.body.i
  %inc.i = add nuw nsw i32 %i78.0.i73, 1
  %exitcond.not = icmp eq i32 %inc.i, %spec.select185.i
  br i1 %exitcond.not, label %for.end.i, label %for.body.i

for.body.i:                                       ; preds = %if.else.i, %for.cond79.i
  %i78.0.i73 = phi i32 [ 0, %if.else.i ], [ %inc.i, %for.cond79.i ]
  %arrayidx82.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %i78.0.i73
  %27 = load i8, ptr %arrayidx82.i, align 1
  %arrayidx84.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %i78.0.i73
  %28 = load i8, ptr %arrayidx84.i, align 1
  %cmp86.not.i = icmp ne i8 %27, %28
  %tobool90.not.i = icmp eq i8 %27, 0
  %or.cond = or i1 %tobool90.not.i, %cmp86.not.i
  br i1 %or.cond, label %cleanup98.i.thread, label %for.cond79.i

cleanup98.i.thread:                               ; preds = %for.body.i
  %conv93.i = zext i8 %27 to i64
  %conv95.i = zext i8 %28 to i64
  %sub96.i = sub nsw i64 %conv93.i, %conv95.i
  br label %compare.exit

for.end.i:                                        ; preds = %for.cond79.i
  %add.ptr100.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %spec.select185.i
  %add.ptr101.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %spec.select185.i
  br label %cleanup108.i

cleanup108.i:                                     ; preds = %cleanup.i, %while.end.i, %for.end.i
  %b.6.i = phi ptr [ %add.ptr101.i, %for.end.i ], [ %b.1.i.lcssa, %while.end.i ], [ %add.ptr64.i, %cleanup.i ]
  %a.6.i = phi ptr [ %add.ptr100.i, %for.end.i ], [ %a.1.i.lcssa, %while.end.i ], [ %add.ptr63.i, %cleanup.i ]
  %spec.select.i56.pn = phi i64 [ %spec.select185.i55, %for.end.i ], [ %spec.select.i56, %while.end.i ], [ %spec.select.i56, %cleanup.i ]
  %n.addr.3.i = sub i64 %n.addr.0.i, %spec.select.i56.pn
  %tobool105.not.i.not = icmp eq i64 %n.addr.3.i, 0
  br i1 %tobool105.not.i.not, label %compare.exit, label %for.cond.i

compare.exit:                                     ; preds = %if.end.i, %cleanup108.i, %cleanup.i.thread, %if.then7.i, %cond.true.i, %cleanup98.i.thread
  %retval.7.i54 = phi i64 [ 0, %if.then7.i ], [ %sub96.i, %cleanup98.i.thread ], [ %sub61.i, %cleanup.i.thread ], [ %sub.i13, %cond.true.i ], [ 0, %cleanup108.i ], [ 0, %if.end.i ]
  %conv5 = and i64 %retval.7.i54, 4294967295
  br label %return

return:                                           ; preds = %entry, %compare.exit
  %retval.0 = phi i64 [ %conv5, %compare.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 4294967296) i64 @string_compare_limited(i64 noundef %one, i64 noundef %other, i64 noundef %limit) nounwind null_pointer_is_valid {
entry:
  %tobool.not = icmp eq i64 %limit, 0
  br i1 %tobool.not, label %return, label %if.end

if.end:                                           ; preds = %entry
  %0 = icmp ugt i64 %one, 2684223487
  %1 = icmp ugt i64 %other, 2684223487
  %or.cond61 = or i1 %0, %1
  br i1 %or.cond61, label %return, label %if.end5

if.end5:                                          ; preds = %if.end
  %conv = trunc nuw i64 %one to i32
  %conv6 = trunc nuw i64 %other to i32
  %2 = inttoptr i32 %conv to ptr
  %3 = inttoptr i32 %conv6 to ptr
  br label %for.cond.i

for.cond.i:                                       ; preds = %cleanup108.i, %if.end5
  %b.0.i = phi ptr [ %3, %if.end5 ], [ %b.6.i, %cleanup108.i ]
  %a.0.i = phi ptr [ %2, %if.end5 ], [ %a.6.i, %cleanup108.i ]
  %n.addr.0.i = phi i64 [ %limit, %if.end5 ], [ %n.addr.3.i, %cleanup108.i ]
  %4 = ptrtoint ptr %a.0.i to i32
  %and.i19 = and i32 %4, 4095
  %sub.i20 = sub nuw nsw i32 4096, %and.i19
  %5 = ptrtoint ptr %b.0.i to i32
  %and.i = and i32 %5, 4095
  %sub.i18 = sub nuw nsw i32 4096, %and.i
  %cond.i = tail call i32 @llvm.umin.i32(i32 %sub.i20, i32 %sub.i18)
  %cmp.i16 = icmp samesign ugt i32 %cond.i, 15
  br i1 %cmp.i16, label %if.then.i, label %if.else.i

if.then.i:                                        ; preds = %for.cond.i
  %6 = load <16 x i8>, ptr %a.0.i, align 1
  %7 = load <16 x i8>, ptr %b.0.i, align 1
  %cmp.i28 = icmp eq <16 x i8> %6, %7
  %sext.i29 = sext <16 x i1> %cmp.i28 to <16 x i8>
  %elt.min.i42 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i29, <16 x i8> %6)
  %cmp.i22 = icmp eq <16 x i8> %elt.min.i42, zeroinitializer
  %sext.i23 = sext <16 x i1> %cmp.i22 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i23)
  %tobool.not.i = icmp eq i32 %8, 0
  br i1 %tobool.not.i, label %if.end.i, label %if.then7.i

if.then7.i:                                       ; preds = %if.then.i
  %9 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %8, i1 true)
  %conv9.i = zext nneg i32 %9 to i64
  %cmp10.i = icmp ugt i64 %n.addr.0.i, %conv9.i
  br i1 %cmp10.i, label %cond.true.i, label %compare.exit

cond.true.i:                                      ; preds = %if.then7.i
  %arrayidx.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %9
  %10 = load i8, ptr %arrayidx.i, align 1
  %conv12.i = zext i8 %10 to i64
  %arrayidx13.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %9
  %11 = load i8, ptr %arrayidx13.i, align 1
  %conv14.i = zext i8 %11 to i64
  %sub.i17 = sub nsw i64 %conv12.i, %conv14.i
  br label %compare.exit

if.end.i:                                         ; preds = %if.then.i
  %cmp15.i = icmp ult i64 %n.addr.0.i, 17
  br i1 %cmp15.i, label %compare.exit, label %if.end18.i

if.end18.i:                                       ; preds = %if.end.i
  %conv19.i = zext nneg i32 %cond.i to i64
  %spec.select.i60 = tail call i64 @llvm.umin.i64(i64 %n.addr.0.i, i64 %conv19.i)
  %spec.select.i = trunc nuw nsw i64 %spec.select.i60 to i32
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %spec.select.i
  %add.ptr25.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 16
  %add.ptr26.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 16
  %cmp28.not.i79 = icmp samesign ult i64 %spec.select.i60, 80
  br i1 %cmp28.not.i79, label %while.end.i, label %land.rhs.i.preheader

land.rhs.i.preheader:                             ; preds = %if.end18.i
  %add.ptr27.i78 = getelementptr inbounds nuw i8, ptr %a.0.i, i32 80
  br label %land.rhs.i

land.rhs.i:                                       ; preds = %land.rhs.i.preheader, %while.body.i
  %add.ptr27.i82 = phi ptr [ %add.ptr27.i, %while.body.i ], [ %add.ptr27.i78, %land.rhs.i.preheader ]
  %a.1.i81 = phi ptr [ %add.ptr27.i82, %while.body.i ], [ %add.ptr25.i, %land.rhs.i.preheader ]
  %b.1.i80 = phi ptr [ %add.ptr34.i, %while.body.i ], [ %add.ptr26.i, %land.rhs.i.preheader ]
  %12 = load <16 x i8>, ptr %a.1.i81, align 1
  %13 = load <16 x i8>, ptr %b.1.i80, align 1
  %cmp.i35.i = icmp eq <16 x i8> %12, %13
  %sext.i36.i = sext <16 x i1> %cmp.i35.i to <16 x i8>
  %elt.min.i41 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i36.i, <16 x i8> %12)
  %add.ptr.i35 = getelementptr inbounds nuw i8, ptr %a.1.i81, i32 16
  %add.ptr1.i = getelementptr inbounds nuw i8, ptr %b.1.i80, i32 16
  %14 = load <16 x i8>, ptr %add.ptr.i35, align 1
  %15 = load <16 x i8>, ptr %add.ptr1.i, align 1
  %cmp.i28.i = icmp eq <16 x i8> %14, %15
  %sext.i29.i = sext <16 x i1> %cmp.i28.i to <16 x i8>
  %elt.min.i40 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i29.i, <16 x i8> %14)
  %add.ptr3.i = getelementptr inbounds nuw i8, ptr %a.1.i81, i32 32
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %b.1.i80, i32 32
  %16 = load <16 x i8>, ptr %add.ptr3.i, align 1
  %17 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %cmp.i21.i = icmp eq <16 x i8> %16, %17
  %sext.i22.i = sext <16 x i1> %cmp.i21.i to <16 x i8>
  %elt.min.i39 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i22.i, <16 x i8> %16)
  %add.ptr6.i = getelementptr inbounds nuw i8, ptr %a.1.i81, i32 48
  %add.ptr7.i = getelementptr inbounds nuw i8, ptr %b.1.i80, i32 48
  %18 = load <16 x i8>, ptr %add.ptr6.i, align 1
  %19 = load <16 x i8>, ptr %add.ptr7.i, align 1
  %cmp.i.i = icmp eq <16 x i8> %18, %19
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %elt.min.i38 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i.i, <16 x i8> %18)
  %elt.min.i37 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i41, <16 x i8> %elt.min.i40)
  %elt.min.i36 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i39, <16 x i8> %elt.min.i38)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i37, <16 x i8> %elt.min.i36)
  %20 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i)
  %tobool.not.i34.not = icmp eq i32 %20, 0
  br i1 %tobool.not.i34.not, label %while.end.i, label %while.body.i

while.body.i:                                     ; preds = %land.rhs.i
  %add.ptr34.i = getelementptr inbounds nuw i8, ptr %b.1.i80, i32 64
  %add.ptr27.i = getelementptr inbounds nuw i8, ptr %add.ptr27.i82, i32 64
  %cmp28.not.i = icmp ugt ptr %add.ptr27.i, %add.ptr.i
  br i1 %cmp28.not.i, label %while.end.i, label %land.rhs.i

while.end.i:                                      ; preds = %while.body.i, %land.rhs.i, %if.end18.i
  %b.1.i.lcssa = phi ptr [ %add.ptr26.i, %if.end18.i ], [ %b.1.i80, %land.rhs.i ], [ %add.ptr34.i, %while.body.i ]
  %a.1.i.lcssa = phi ptr [ %add.ptr25.i, %if.end18.i ], [ %a.1.i81, %land.rhs.i ], [ %add.ptr27.i82, %while.body.i ]
  %cmp36.i.not86 = icmp ult ptr %a.1.i.lcssa, %add.ptr.i
  br i1 %cmp36.i.not86, label %while.body38.i.lr.ph, label %cleanup108.i

while.body38.i.lr.ph:                             ; preds = %while.end.i
  %sub.ptr.rhs.cast.i = ptrtoint ptr %add.ptr.i to i32
  br label %while.body38.i

while.body38.i:                                   ; preds = %while.body38.i.lr.ph, %cleanup.i
  %a.2.i88 = phi ptr [ %a.1.i.lcssa, %while.body38.i.lr.ph ], [ %add.ptr63.i, %cleanup.i ]
  %b.2.i87 = phi ptr [ %b.1.i.lcssa, %while.body38.i.lr.ph ], [ %add.ptr64.i, %cleanup.i ]
  %add.ptr39.i = getelementptr inbounds nuw i8, ptr %a.2.i88, i32 16
  %cmp40.i = icmp ugt ptr %add.ptr39.i, %add.ptr.i
  %sub.ptr.lhs.cast.i = ptrtoint ptr %add.ptr39.i to i32
  %sub.ptr.sub.neg.i = sub i32 %sub.ptr.rhs.cast.i, %sub.ptr.lhs.cast.i
  %cond46.neg.i = select i1 %cmp40.i, i32 %sub.ptr.sub.neg.i, i32 0
  %add.ptr47.i = getelementptr inbounds i8, ptr %a.2.i88, i32 %cond46.neg.i
  %add.ptr49.i = getelementptr inbounds i8, ptr %b.2.i87, i32 %cond46.neg.i
  %21 = load <16 x i8>, ptr %add.ptr47.i, align 1
  %22 = load <16 x i8>, ptr %add.ptr49.i, align 1
  %cmp.i24 = icmp eq <16 x i8> %21, %22
  %sext.i25 = sext <16 x i1> %cmp.i24 to <16 x i8>
  %elt.min.i43 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i25, <16 x i8> %21)
  %cmp.i21 = icmp eq <16 x i8> %elt.min.i43, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i21 to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %tobool52.not.i = icmp eq i32 %23, 0
  br i1 %tobool52.not.i, label %cleanup.i, label %cleanup.i.thread

cleanup.i.thread:                                 ; preds = %while.body38.i
  %24 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %23, i1 true)
  %arrayidx57.i = getelementptr inbounds nuw i8, ptr %add.ptr47.i, i32 %24
  %25 = load i8, ptr %arrayidx57.i, align 1
  %conv58.i = zext i8 %25 to i64
  %arrayidx59.i = getelementptr inbounds nuw i8, ptr %add.ptr49.i, i32 %24
  %26 = load i8, ptr %arrayidx59.i, align 1
  %conv60.i = zext i8 %26 to i64
  %sub61.i = sub nsw i64 %conv58.i, %conv60.i
  br label %compare.exit

cleanup.i:                                        ; preds = %while.body38.i
  %add.ptr63.i = getelementptr inbounds nuw i8, ptr %add.ptr47.i, i32 16
  %add.ptr64.i = getelementptr inbounds nuw i8, ptr %add.ptr49.i, i32 16
  %cmp36.i.not = icmp ult ptr %add.ptr63.i, %add.ptr.i
  br i1 %cmp36.i.not, label %while.body38.i, label %cleanup108.i

if.else.i:                                        ; preds = %for.cond.i
  %conv72.i = zext nneg i32 %cond.i to i64
  %spec.select185.i59 = tail call i64 @llvm.umin.i64(i64 %n.addr.0.i, i64 %conv72.i)
  %spec.select185.i = trunc nuw nsw i64 %spec.select185.i59 to i32
  br label %for.body.i

for.cond79.i:                                     ; preds = %for.body.i
  %inc.i = add nuw nsw i32 %i78.0.i77, 1
  %exitcond.not = icmp eq i32 %inc.i, %spec.select185.i
  br i1 %exitcond.not, label %for.end.i, label %for.body.i

for.body.i:                                       ; preds = %if.else.i, %for.cond79.i
  %i78.0.i77 = phi i32 [ 0, %if.else.i ], [ %inc.i, %for.cond79.i ]
  %arrayidx82.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %i78.0.i77
  %27 = load i8, ptr %arrayidx82.i, align 1
  %arrayidx84.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %i78.0.i77
  %28 = load i8, ptr %arrayidx84.i, align 1
  %cmp86.not.i = icmp ne i8 %27, %28
  %tobool90.not.i = icmp eq i8 %27, 0
  %or.cond = or i1 %tobool90.not.i, %cmp86.not.i
  br i1 %or.cond, label %cleanup98.i.thread, label %for.cond79.i

cleanup98.i.thread:                               ; preds = %for.body.i
  %conv93.i = zext i8 %27 to i64
  %conv95.i = zext i8 %28 to i64
  %sub96.i = sub nsw i64 %conv93.i, %conv95.i
  br label %compare.exit

for.end.i:                                        ; preds = %for.cond79.i
  %add.ptr100.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %spec.select185.i
  %add.ptr101.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %spec.select185.i
  br label %cleanup108.i

cleanup108.i:                                     ; preds = %cleanup.i, %while.end.i, %for.end.i
  %b.6.i = phi ptr [ %add.ptr101.i, %for.end.i ], [ %b.1.i.lcssa, %while.end.i ], [ %add.ptr64.i, %cleanup.i ]
  %a.6.i = phi ptr [ %add.ptr100.i, %for.end.i ], [ %a.1.i.lcssa, %while.end.i ], [ %add.ptr63.i, %cleanup.i ]
  %spec.select.i60.pn = phi i64 [ %spec.select185.i59, %for.end.i ], [ %spec.select.i60, %while.end.i ], [ %spec.select.i60, %cleanup.i ]
  %n.addr.3.i = sub i64 %n.addr.0.i, %spec.select.i60.pn
  %tobool105.not.i.not = icmp eq i64 %n.addr.3.i, 0
  br i1 %tobool105.not.i.not, label %compare.exit, label %for.cond.i

compare.exit:                                     ; preds = %if.end.i, %cleanup108.i, %cleanup.i.thread, %if.then7.i, %cond.true.i, %cleanup98.i.thread
  %retval.7.i58 = phi i64 [ 0, %if.then7.i ], [ %sub96.i, %cleanup98.i.thread ], [ %sub61.i, %cleanup.i.thread ], [ %sub.i17, %cond.true.i ], [ 0, %cleanup108.i ], [ 0, %if.end.i ]
  %conv8 = and i64 %retval.7.i58, 4294967295
  br label %return

return:                                           ; preds = %if.end, %entry, %compare.exit
  %retval.0 = phi i64 [ %conv8, %compare.exit ], [ 0, %entry ], [ -1, %if.end ]
  ret i64 %retval.0
}

define range(i64 -1, 4294967296) i64 @string_length(i64 noundef %text) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %text, 2684223487
  br i1 %0, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw i64 %text to i32
  %and.i11 = and i32 %conv, 4095
  %cmp1.i6 = icmp samesign ult i32 %and.i11, 4081
  %1 = inttoptr i32 %conv to ptr
  br i1 %cmp1.i6, label %if.then2.i, label %if.else.i

if.then2.i:                                       ; preds = %if.end
  %2 = load <16 x i8>, ptr %1, align 1
  %cmp.i13 = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i13 to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %tobool.not.i.not = icmp eq i32 %3, 0
  br i1 %tobool.not.i.not, label %if.end10.i, label %cleanup.i

cleanup.i:                                        ; preds = %if.then2.i
  %4 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %3, i1 true)
  %add.i = add nuw i32 %4, %conv
  br label %scan.exit

if.else.i:                                        ; preds = %if.end
  %5 = load volatile i8, ptr %1, align 1
  br label %if.end10.i

if.end10.i:                                       ; preds = %if.then2.i, %if.else.i
  %and.i = and i32 %conv, -64
  %6 = inttoptr i32 %and.i to ptr
  %7 = load <16 x i8>, ptr %6, align 64
  %cmp.i29.i60 = icmp eq <16 x i8> %7, zeroinitializer
  %sext.i30.i61 = sext <16 x i1> %cmp.i29.i60 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i61)
  %add.ptr.i62 = getelementptr inbounds nuw i8, ptr %6, i32 16
  %9 = load <16 x i8>, ptr %add.ptr.i62, align 16
  %cmp.i27.i63 = icmp eq <16 x i8> %9, zeroinitializer
  %sext.i28.i64 = sext <16 x i1> %cmp.i27.i63 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i64)
  %add.ptr5.i65 = getelementptr inbounds nuw i8, ptr %6, i32 32
  %11 = load <16 x i8>, ptr %add.ptr5.i65, align 32
  %cmp.i25.i66 = icmp eq <16 x i8> %11, zeroinitializer
  %sext.i26.i67 = sext <16 x i1> %cmp.i25.i66 to <16 x i8>
  %12 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i67)
  %add.ptr8.i68 = getelementptr inbounds nuw i8, ptr %6, i32 48
  %13 = load <16 x i8>, ptr %add.ptr8.i68, align 16
  %cmp.i.i69 = icmp eq <16 x i8> %13, zeroinitializer
  %sext.i.i70 = sext <16 x i1> %cmp.i.i69 to <16 x i8>
  %14 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i70)
  %shl.i71 = shl i32 %10, 16
  %or.i72 = or i32 %shl.i71, %8
  %conv.i73 = zext i32 %or.i72 to i64
  %shl11.i74 = shl i32 %14, 16
  %or12.i75 = or i32 %shl11.i74, %12
  %conv13.i76 = zext i32 %or12.i75 to i64
  %shl14.i77 = shl nuw i64 %conv13.i76, 32
  %or15.i78 = or disjoint i64 %shl14.i77, %conv.i73
  %and13.i = and i64 %text, 63
  %shr.i = lshr i64 %or15.i78, %and13.i
  %tobool14.not.i = icmp eq i64 %shr.i, 0
  br i1 %tobool14.not.i, label %if.end19.i, label %if.then15.i

if.then15.i:                                      ; preds = %if.end10.i
  %15 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %shr.i, i1 true)
  %cast.i17 = trunc nuw nsw i64 %15 to i32
  %add17.i = add nuw i32 %cast.i17, %conv
  br label %scan.exit

if.end19.i:                                       ; preds = %if.end10.i
  %add20.i = add nuw i32 %and.i, 64
  %16 = and i32 %conv, 64
  %tobool22.not.not.i = icmp eq i32 %16, 0
  br i1 %tobool22.not.not.i, label %if.then23.i, label %for.body.i.preheader

if.then23.i:                                      ; preds = %if.end19.i
  %17 = inttoptr i32 %add20.i to ptr
  %18 = load <16 x i8>, ptr %17, align 64
  %cmp.i29.i = icmp eq <16 x i8> %18, zeroinitializer
  %sext.i30.i = sext <16 x i1> %cmp.i29.i to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i)
  %add.ptr.i20 = getelementptr inbounds nuw i8, ptr %17, i32 16
  %20 = load <16 x i8>, ptr %add.ptr.i20, align 16
  %cmp.i27.i = icmp eq <16 x i8> %20, zeroinitializer
  %sext.i28.i = sext <16 x i1> %cmp.i27.i to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i)
  %add.ptr5.i = getelementptr inbounds nuw i8, ptr %17, i32 32
  %22 = load <16 x i8>, ptr %add.ptr5.i, align 32
  %cmp.i25.i = icmp eq <16 x i8> %22, zeroinitializer
  %sext.i26.i = sext <16 x i1> %cmp.i25.i to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i)
  %add.ptr8.i = getelementptr inbounds nuw i8, ptr %17, i32 48
  %24 = load <16 x i8>, ptr %add.ptr8.i, align 16
  %cmp.i.i = icmp eq <16 x i8> %24, zeroinitializer
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %25 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i)
  %shl.i = shl i32 %21, 16
  %or.i = or i32 %shl.i, %19
  %conv.i21 = zext i32 %or.i to i64
  %shl11.i = shl i32 %25, 16
  %or12.i = or i32 %shl11.i, %23
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i21
  %tobool25.not.i = icmp eq i64 %or15.i, 0
  br i1 %tobool25.not.i, label %if.end32.i, label %if.then26.i

if.then26.i:                                      ; preds = %if.then23.i
  %26 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i, i1 true)
  %cast.i14 = trunc nuw nsw i64 %26 to i32
  %add28.i = or disjoint i32 %add20.i, %cast.i14
  br label %scan.exit

if.end32.i:                                       ; preds = %if.then23.i
  %add31.i = add nuw i32 %and.i, 128
  %cmp33.i92 = icmp ult i64 %text, 2684223424
  br i1 %cmp33.i92, label %for.body.i.preheader, label %scan.exit

for.body.i.preheader:                             ; preds = %if.end19.i, %if.end32.i
  %line.1.i93.ph = phi i32 [ %add20.i, %if.end19.i ], [ %add31.i, %if.end32.i ]
  br label %for.body.i

for.body.i:                                       ; preds = %for.body.i.preheader, %for.inc.i
  %line.1.i93 = phi i32 [ %add58.i, %for.inc.i ], [ %line.1.i93.ph, %for.body.i.preheader ]
  %27 = inttoptr i32 %line.1.i93 to ptr
  %28 = load <16 x i8>, ptr %27, align 1
  %add.ptr.i80 = getelementptr inbounds nuw i8, ptr %27, i32 16
  %29 = load <16 x i8>, ptr %add.ptr.i80, align 1
  %add.ptr2.i81 = getelementptr inbounds nuw i8, ptr %27, i32 32
  %30 = load <16 x i8>, ptr %add.ptr2.i81, align 1
  %add.ptr4.i82 = getelementptr inbounds nuw i8, ptr %27, i32 48
  %31 = load <16 x i8>, ptr %add.ptr4.i82, align 1
  %elt.min.i19.i83 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %28, <16 x i8> %29)
  %elt.min.i18.i84 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %30, <16 x i8> %31)
  %elt.min.i.i85 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i19.i83, <16 x i8> %elt.min.i18.i84)
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %27, i32 64
  %32 = load <16 x i8>, ptr %add.ptr.i, align 1
  %add.ptr.i79 = getelementptr inbounds nuw i8, ptr %27, i32 80
  %33 = load <16 x i8>, ptr %add.ptr.i79, align 1
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %27, i32 96
  %34 = load <16 x i8>, ptr %add.ptr2.i, align 1
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %27, i32 112
  %35 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %elt.min.i19.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %32, <16 x i8> %33)
  %elt.min.i18.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %34, <16 x i8> %35)
  %elt.min.i.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i19.i, <16 x i8> %elt.min.i18.i)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i85, <16 x i8> %elt.min.i.i)
  %36 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i)
  %tobool.not.i18.not = icmp eq i32 %36, 0
  br i1 %tobool.not.i18.not, label %if.end42.i, label %for.inc.i

if.end42.i:                                       ; preds = %for.body.i
  %cmp.i29.i41 = icmp eq <16 x i8> %28, zeroinitializer
  %sext.i30.i42 = sext <16 x i1> %cmp.i29.i41 to <16 x i8>
  %37 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i42)
  %cmp.i27.i44 = icmp eq <16 x i8> %29, zeroinitializer
  %sext.i28.i45 = sext <16 x i1> %cmp.i27.i44 to <16 x i8>
  %38 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i45)
  %cmp.i25.i47 = icmp eq <16 x i8> %30, zeroinitializer
  %sext.i26.i48 = sext <16 x i1> %cmp.i25.i47 to <16 x i8>
  %39 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i48)
  %cmp.i.i50 = icmp eq <16 x i8> %31, zeroinitializer
  %sext.i.i51 = sext <16 x i1> %cmp.i.i50 to <16 x i8>
  %40 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i51)
  %shl.i52 = shl i32 %38, 16
  %or.i53 = or i32 %shl.i52, %37
  %conv.i54 = zext i32 %or.i53 to i64
  %shl11.i55 = shl i32 %40, 16
  %or12.i56 = or i32 %shl11.i55, %39
  %conv13.i57 = zext i32 %or12.i56 to i64
  %shl14.i58 = shl nuw i64 %conv13.i57, 32
  %or15.i59 = or disjoint i64 %shl14.i58, %conv.i54
  %tobool44.not.i = icmp eq i64 %or15.i59, 0
  br i1 %tobool44.not.i, label %if.end49.i, label %if.then45.i

if.then45.i:                                      ; preds = %if.end42.i
  %41 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i59, i1 true)
  %cast.i16 = trunc nuw nsw i64 %41 to i32
  %add47.i = add nuw i32 %line.1.i93, %cast.i16
  %cond.i9 = tail call i32 @llvm.umin.i32(i32 %add47.i, i32 -1610743744)
  br label %scan.exit

if.end49.i:                                       ; preds = %if.end42.i
  %add50.i = add nuw i32 %line.1.i93, 64
  %42 = inttoptr i32 %add50.i to ptr
  %43 = load <16 x i8>, ptr %42, align 1
  %cmp.i29.i22 = icmp eq <16 x i8> %43, zeroinitializer
  %sext.i30.i23 = sext <16 x i1> %cmp.i29.i22 to <16 x i8>
  %44 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i23)
  %add.ptr.i24 = getelementptr inbounds nuw i8, ptr %42, i32 16
  %45 = load <16 x i8>, ptr %add.ptr.i24, align 1
  %cmp.i27.i25 = icmp eq <16 x i8> %45, zeroinitializer
  %sext.i28.i26 = sext <16 x i1> %cmp.i27.i25 to <16 x i8>
  %46 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i26)
  %add.ptr5.i27 = getelementptr inbounds nuw i8, ptr %42, i32 32
  %47 = load <16 x i8>, ptr %add.ptr5.i27, align 1
  %cmp.i25.i28 = icmp eq <16 x i8> %47, zeroinitializer
  %sext.i26.i29 = sext <16 x i1> %cmp.i25.i28 to <16 x i8>
  %48 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i29)
  %add.ptr8.i30 = getelementptr inbounds nuw i8, ptr %42, i32 48
  %49 = load <16 x i8>, ptr %add.ptr8.i30, align 1
  %cmp.i.i31 = icmp eq <16 x i8> %49, zeroinitializer
  %sext.i.i32 = sext <16 x i1> %cmp.i.i31 to <16 x i8>
  %50 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i32)
  %shl.i33 = shl i32 %46, 16
  %or.i34 = or i32 %shl.i33, %44
  %conv.i35 = zext i32 %or.i34 to i64
  %shl11.i36 = shl i32 %50, 16
  %or12.i37 = or i32 %shl11.i36, %48
  %conv13.i38 = zext i32 %or12.i37 to i64
  %shl14.i39 = shl nuw i64 %conv13.i38, 32
  %or15.i40 = or disjoint i64 %shl14.i39, %conv.i35
  %51 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i40, i1 false)
  %cast.i15 = trunc nuw nsw i64 %51 to i32
  %add54.i = add nuw i32 %add50.i, %cast.i15
  %cond.i8 = tail call i32 @llvm.umin.i32(i32 %add54.i, i32 -1610743744)
  br label %scan.exit

for.inc.i:                                        ; preds = %for.body.i
  %add58.i = add nuw i32 %line.1.i93, 128
  %cmp33.i = icmp ult i32 %line.1.i93, -1610743872
  br i1 %cmp33.i, label %for.body.i, label %scan.exit

scan.exit:                                        ; preds = %for.inc.i, %if.end32.i, %if.then45.i, %if.end49.i, %cleanup.i, %if.then15.i, %if.then26.i
  %retval.5.i = phi i32 [ %add.i, %cleanup.i ], [ %cond.i9, %if.then45.i ], [ %add17.i, %if.then15.i ], [ %add28.i, %if.then26.i ], [ %cond.i8, %if.end49.i ], [ -1610743744, %if.end32.i ], [ -1610743744, %for.inc.i ]
  %sub = sub i32 %retval.5.i, %conv
  %conv3 = zext i32 %sub to i64
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %conv3, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 4294967296) i64 @string_length_limited(i64 noundef %text, i64 noundef %limit) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %text, 2684223487
  br i1 %0, label %return, label %if.end

if.end:                                           ; preds = %entry
  %sub.i = sub nuw nsw i64 2684223488, %text
  %conv = trunc nuw i64 %text to i32
  %cmp.not.i10 = icmp ugt i64 %limit, %sub.i
  %add.i11 = add i64 %limit, %text
  %conv.i12 = trunc i64 %add.i11 to i32
  %cond.i = select i1 %cmp.not.i10, i32 -1610743744, i32 %conv.i12
  %cmp.not.i = icmp ugt i32 %cond.i, %conv
  br i1 %cmp.not.i, label %if.end.i, label %scan.exit

if.end.i:                                         ; preds = %if.end
  %and.i18 = and i32 %conv, 4095
  %cmp1.i8 = icmp samesign ult i32 %and.i18, 4081
  %1 = inttoptr i32 %conv to ptr
  br i1 %cmp1.i8, label %if.then2.i, label %if.else.i

if.then2.i:                                       ; preds = %if.end.i
  %2 = load <16 x i8>, ptr %1, align 1
  %cmp.i20 = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i20 to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %tobool.not.i.not = icmp eq i32 %3, 0
  br i1 %tobool.not.i.not, label %if.end10.i, label %cleanup.i

cleanup.i:                                        ; preds = %if.then2.i
  %4 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %3, i1 true)
  %add.i = add nuw i32 %4, %conv
  %cond.i13 = tail call i32 @llvm.umin.i32(i32 %add.i, i32 %cond.i)
  br label %scan.exit

if.else.i:                                        ; preds = %if.end.i
  %5 = load volatile i8, ptr %1, align 1
  br label %if.end10.i

if.end10.i:                                       ; preds = %if.then2.i, %if.else.i
  %and.i = and i32 %conv, -64
  %6 = inttoptr i32 %and.i to ptr
  %7 = load <16 x i8>, ptr %6, align 64
  %cmp.i29.i67 = icmp eq <16 x i8> %7, zeroinitializer
  %sext.i30.i68 = sext <16 x i1> %cmp.i29.i67 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i68)
  %add.ptr.i69 = getelementptr inbounds nuw i8, ptr %6, i32 16
  %9 = load <16 x i8>, ptr %add.ptr.i69, align 16
  %cmp.i27.i70 = icmp eq <16 x i8> %9, zeroinitializer
  %sext.i28.i71 = sext <16 x i1> %cmp.i27.i70 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i71)
  %add.ptr5.i72 = getelementptr inbounds nuw i8, ptr %6, i32 32
  %11 = load <16 x i8>, ptr %add.ptr5.i72, align 32
  %cmp.i25.i73 = icmp eq <16 x i8> %11, zeroinitializer
  %sext.i26.i74 = sext <16 x i1> %cmp.i25.i73 to <16 x i8>
  %12 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i74)
  %add.ptr8.i75 = getelementptr inbounds nuw i8, ptr %6, i32 48
  %13 = load <16 x i8>, ptr %add.ptr8.i75, align 16
  %cmp.i.i76 = icmp eq <16 x i8> %13, zeroinitializer
  %sext.i.i77 = sext <16 x i1> %cmp.i.i76 to <16 x i8>
  %14 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i77)
  %shl.i78 = shl i32 %10, 16
  %or.i79 = or i32 %shl.i78, %8
  %conv.i80 = zext i32 %or.i79 to i64
  %shl11.i81 = shl i32 %14, 16
  %or12.i82 = or i32 %shl11.i81, %12
  %conv13.i83 = zext i32 %or12.i82 to i64
  %shl14.i84 = shl nuw i64 %conv13.i83, 32
  %or15.i85 = or disjoint i64 %shl14.i84, %conv.i80
  %and13.i = and i64 %text, 63
  %shr.i = lshr i64 %or15.i85, %and13.i
  %tobool14.not.i = icmp eq i64 %shr.i, 0
  br i1 %tobool14.not.i, label %if.end19.i, label %if.then15.i

if.then15.i:                                      ; preds = %if.end10.i
  %15 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %shr.i, i1 true)
  %cast.i24 = trunc nuw nsw i64 %15 to i32
  %add17.i = add nuw i32 %cast.i24, %conv
  %cond.i17 = tail call i32 @llvm.umin.i32(i32 %add17.i, i32 %cond.i)
  br label %scan.exit

if.end19.i:                                       ; preds = %if.end10.i
  %add20.i = add nuw i32 %and.i, 64
  %16 = and i32 %conv, 64
  %tobool22.not.not.i = icmp eq i32 %16, 0
  br i1 %tobool22.not.not.i, label %if.then23.i, label %if.end32.i

if.then23.i:                                      ; preds = %if.end19.i
  %17 = inttoptr i32 %add20.i to ptr
  %18 = load <16 x i8>, ptr %17, align 64
  %cmp.i29.i = icmp eq <16 x i8> %18, zeroinitializer
  %sext.i30.i = sext <16 x i1> %cmp.i29.i to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i)
  %add.ptr.i27 = getelementptr inbounds nuw i8, ptr %17, i32 16
  %20 = load <16 x i8>, ptr %add.ptr.i27, align 16
  %cmp.i27.i = icmp eq <16 x i8> %20, zeroinitializer
  %sext.i28.i = sext <16 x i1> %cmp.i27.i to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i)
  %add.ptr5.i = getelementptr inbounds nuw i8, ptr %17, i32 32
  %22 = load <16 x i8>, ptr %add.ptr5.i, align 32
  %cmp.i25.i = icmp eq <16 x i8> %22, zeroinitializer
  %sext.i26.i = sext <16 x i1> %cmp.i25.i to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i)
  %add.ptr8.i = getelementptr inbounds nuw i8, ptr %17, i32 48
  %24 = load <16 x i8>, ptr %add.ptr8.i, align 16
  %cmp.i.i = icmp eq <16 x i8> %24, zeroinitializer
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %25 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i)
  %shl.i = shl i32 %21, 16
  %or.i = or i32 %shl.i, %19
  %conv.i28 = zext i32 %or.i to i64
  %shl11.i = shl i32 %25, 16
  %or12.i = or i32 %shl11.i, %23
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i28
  %tobool25.not.i = icmp eq i64 %or15.i, 0
  br i1 %tobool25.not.i, label %if.end30.i, label %if.then26.i

if.then26.i:                                      ; preds = %if.then23.i
  %26 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i, i1 true)
  %cast.i21 = trunc nuw nsw i64 %26 to i32
  %add28.i = or disjoint i32 %add20.i, %cast.i21
  %cond.i14 = tail call i32 @llvm.umin.i32(i32 %add28.i, i32 %cond.i)
  br label %scan.exit

if.end30.i:                                       ; preds = %if.then23.i
  %add31.i = add nuw i32 %and.i, 128
  br label %if.end32.i

if.end32.i:                                       ; preds = %if.end30.i, %if.end19.i
  %line.0.i = phi i32 [ %add31.i, %if.end30.i ], [ %add20.i, %if.end19.i ]
  %cmp33.i99 = icmp ult i32 %line.0.i, %cond.i
  br i1 %cmp33.i99, label %for.body.i, label %scan.exit

for.body.i:                                       ; preds = %if.end32.i, %for.inc.i
  %line.1.i100 = phi i32 [ %add58.i, %for.inc.i ], [ %line.0.i, %if.end32.i ]
  %27 = inttoptr i32 %line.1.i100 to ptr
  %28 = load <16 x i8>, ptr %27, align 1
  %add.ptr.i87 = getelementptr inbounds nuw i8, ptr %27, i32 16
  %29 = load <16 x i8>, ptr %add.ptr.i87, align 1
  %add.ptr2.i88 = getelementptr inbounds nuw i8, ptr %27, i32 32
  %30 = load <16 x i8>, ptr %add.ptr2.i88, align 1
  %add.ptr4.i89 = getelementptr inbounds nuw i8, ptr %27, i32 48
  %31 = load <16 x i8>, ptr %add.ptr4.i89, align 1
  %elt.min.i19.i90 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %28, <16 x i8> %29)
  %elt.min.i18.i91 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %30, <16 x i8> %31)
  %elt.min.i.i92 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i19.i90, <16 x i8> %elt.min.i18.i91)
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %27, i32 64
  %32 = load <16 x i8>, ptr %add.ptr.i, align 1
  %add.ptr.i86 = getelementptr inbounds nuw i8, ptr %27, i32 80
  %33 = load <16 x i8>, ptr %add.ptr.i86, align 1
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %27, i32 96
  %34 = load <16 x i8>, ptr %add.ptr2.i, align 1
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %27, i32 112
  %35 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %elt.min.i19.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %32, <16 x i8> %33)
  %elt.min.i18.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %34, <16 x i8> %35)
  %elt.min.i.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i19.i, <16 x i8> %elt.min.i18.i)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i92, <16 x i8> %elt.min.i.i)
  %36 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i)
  %tobool.not.i25.not = icmp eq i32 %36, 0
  br i1 %tobool.not.i25.not, label %if.end42.i, label %for.inc.i

if.end42.i:                                       ; preds = %for.body.i
  %cmp.i29.i48 = icmp eq <16 x i8> %28, zeroinitializer
  %sext.i30.i49 = sext <16 x i1> %cmp.i29.i48 to <16 x i8>
  %37 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i49)
  %cmp.i27.i51 = icmp eq <16 x i8> %29, zeroinitializer
  %sext.i28.i52 = sext <16 x i1> %cmp.i27.i51 to <16 x i8>
  %38 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i52)
  %cmp.i25.i54 = icmp eq <16 x i8> %30, zeroinitializer
  %sext.i26.i55 = sext <16 x i1> %cmp.i25.i54 to <16 x i8>
  %39 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i55)
  %cmp.i.i57 = icmp eq <16 x i8> %31, zeroinitializer
  %sext.i.i58 = sext <16 x i1> %cmp.i.i57 to <16 x i8>
  %40 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i58)
  %shl.i59 = shl i32 %38, 16
  %or.i60 = or i32 %shl.i59, %37
  %conv.i61 = zext i32 %or.i60 to i64
  %shl11.i62 = shl i32 %40, 16
  %or12.i63 = or i32 %shl11.i62, %39
  %conv13.i64 = zext i32 %or12.i63 to i64
  %shl14.i65 = shl nuw i64 %conv13.i64, 32
  %or15.i66 = or disjoint i64 %shl14.i65, %conv.i61
  %tobool44.not.i = icmp eq i64 %or15.i66, 0
  br i1 %tobool44.not.i, label %if.end49.i, label %if.then45.i

if.then45.i:                                      ; preds = %if.end42.i
  %41 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i66, i1 true)
  %cast.i23 = trunc nuw nsw i64 %41 to i32
  %add47.i = add i32 %line.1.i100, %cast.i23
  %cond.i16 = tail call i32 @llvm.umin.i32(i32 %add47.i, i32 %cond.i)
  br label %scan.exit

if.end49.i:                                       ; preds = %if.end42.i
  %add50.i = add i32 %line.1.i100, 64
  %42 = inttoptr i32 %add50.i to ptr
  %43 = load <16 x i8>, ptr %42, align 1
  %cmp.i29.i29 = icmp eq <16 x i8> %43, zeroinitializer
  %sext.i30.i30 = sext <16 x i1> %cmp.i29.i29 to <16 x i8>
  %44 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i30)
  %add.ptr.i31 = getelementptr inbounds nuw i8, ptr %42, i32 16
  %45 = load <16 x i8>, ptr %add.ptr.i31, align 1
  %cmp.i27.i32 = icmp eq <16 x i8> %45, zeroinitializer
  %sext.i28.i33 = sext <16 x i1> %cmp.i27.i32 to <16 x i8>
  %46 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i33)
  %add.ptr5.i34 = getelementptr inbounds nuw i8, ptr %42, i32 32
  %47 = load <16 x i8>, ptr %add.ptr5.i34, align 1
  %cmp.i25.i35 = icmp eq <16 x i8> %47, zeroinitializer
  %sext.i26.i36 = sext <16 x i1> %cmp.i25.i35 to <16 x i8>
  %48 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i36)
  %add.ptr8.i37 = getelementptr inbounds nuw i8, ptr %42, i32 48
  %49 = load <16 x i8>, ptr %add.ptr8.i37, align 1
  %cmp.i.i38 = icmp eq <16 x i8> %49, zeroinitializer
  %sext.i.i39 = sext <16 x i1> %cmp.i.i38 to <16 x i8>
  %50 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i39)
  %shl.i40 = shl i32 %46, 16
  %or.i41 = or i32 %shl.i40, %44
  %conv.i42 = zext i32 %or.i41 to i64
  %shl11.i43 = shl i32 %50, 16
  %or12.i44 = or i32 %shl11.i43, %48
  %conv13.i45 = zext i32 %or12.i44 to i64
  %shl14.i46 = shl nuw i64 %conv13.i45, 32
  %or15.i47 = or disjoint i64 %shl14.i46, %conv.i42
  %51 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i47, i1 false)
  %cast.i22 = trunc nuw nsw i64 %51 to i32
  %add54.i = add i32 %add50.i, %cast.i22
  %cond.i15 = tail call i32 @llvm.umin.i32(i32 %add54.i, i32 %cond.i)
  br label %scan.exit

for.inc.i:                                        ; preds = %for.body.i
  %add58.i = add i32 %line.1.i100, 128
  %cmp33.i = icmp ult i32 %add58.i, %cond.i
  br i1 %cmp33.i, label %for.body.i, label %scan.exit

scan.exit:                                        ; preds = %for.inc.i, %if.end32.i, %if.then45.i, %if.end49.i, %cleanup.i, %if.end, %if.then15.i, %if.then26.i
  %retval.5.i = phi i32 [ %cond.i13, %cleanup.i ], [ %conv.i12, %if.end ], [ %cond.i17, %if.then15.i ], [ %cond.i14, %if.then26.i ], [ %cond.i16, %if.then45.i ], [ %cond.i15, %if.end49.i ], [ %cond.i, %if.end32.i ], [ %cond.i, %for.inc.i ]
  %sub = sub i32 %retval.5.i, %conv
  %conv4 = zext i32 %sub to i64
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %conv4, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 4294967296) i64 @string_find_byte(i64 noundef %data, i64 noundef %value, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %data, 2684223487
  br i1 %0, label %return, label %if.end

if.end:                                           ; preds = %entry
  %sub.i = sub nuw nsw i64 2684223488, %data
  %cmp.not.i12 = icmp ugt i64 %n, %sub.i
  %add.i13 = add i64 %n, %data
  %conv.i14 = trunc i64 %add.i13 to i32
  %cond.i = select i1 %cmp.not.i12, i32 -1610743744, i32 %conv.i14
  %conv = trunc nuw i64 %data to i32
  %cmp.not.i = icmp ugt i32 %cond.i, %conv
  br i1 %cmp.not.i, label %if.end.i, label %scan.exit

if.end.i:                                         ; preds = %if.end
  %conv2 = trunc i64 %value to i8
  %and.i20 = and i32 %conv, 4095
  %cmp1.i10 = icmp samesign ult i32 %and.i20, 4081
  %1 = inttoptr i32 %conv to ptr
  %splat.splatinsert.i = insertelement <16 x i8> poison, i8 %conv2, i64 0
  %splat.splat.i = shufflevector <16 x i8> %splat.splatinsert.i, <16 x i8> poison, <16 x i32> zeroinitializer
  br i1 %cmp1.i10, label %if.then2.i, label %if.else.i

if.then2.i:                                       ; preds = %if.end.i
  %2 = load <16 x i8>, ptr %1, align 1
  %cmp.i22 = icmp eq <16 x i8> %2, %splat.splat.i
  %sext.i = sext <16 x i1> %cmp.i22 to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %tobool.not.i.not = icmp eq i32 %3, 0
  br i1 %tobool.not.i.not, label %if.end10.i, label %cleanup.i

cleanup.i:                                        ; preds = %if.then2.i
  %4 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %3, i1 true)
  %add.i = add nuw i32 %4, %conv
  %cond.i15 = tail call i32 @llvm.umin.i32(i32 %add.i, i32 %cond.i)
  br label %scan.exit

if.else.i:                                        ; preds = %if.end.i
  %5 = load volatile i8, ptr %1, align 1
  br label %if.end10.i

if.end10.i:                                       ; preds = %if.then2.i, %if.else.i
  %and.i = and i32 %conv, -64
  %6 = inttoptr i32 %and.i to ptr
  %7 = load <16 x i8>, ptr %6, align 64
  %cmp.i29.i96 = icmp eq <16 x i8> %7, %splat.splat.i
  %sext.i30.i97 = sext <16 x i1> %cmp.i29.i96 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i97)
  %add.ptr.i98 = getelementptr inbounds nuw i8, ptr %6, i32 16
  %9 = load <16 x i8>, ptr %add.ptr.i98, align 16
  %cmp.i27.i102 = icmp eq <16 x i8> %9, %splat.splat.i
  %sext.i28.i103 = sext <16 x i1> %cmp.i27.i102 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i103)
  %add.ptr5.i104 = getelementptr inbounds nuw i8, ptr %6, i32 32
  %11 = load <16 x i8>, ptr %add.ptr5.i104, align 32
  %cmp.i25.i108 = icmp eq <16 x i8> %11, %splat.splat.i
  %sext.i26.i109 = sext <16 x i1> %cmp.i25.i108 to <16 x i8>
  %12 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i109)
  %add.ptr8.i110 = getelementptr inbounds nuw i8, ptr %6, i32 48
  %13 = load <16 x i8>, ptr %add.ptr8.i110, align 16
  %cmp.i.i114 = icmp eq <16 x i8> %13, %splat.splat.i
  %sext.i.i115 = sext <16 x i1> %cmp.i.i114 to <16 x i8>
  %14 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i115)
  %shl.i116 = shl i32 %10, 16
  %or.i117 = or i32 %shl.i116, %8
  %conv.i118 = zext i32 %or.i117 to i64
  %shl11.i119 = shl i32 %14, 16
  %or12.i120 = or i32 %shl11.i119, %12
  %conv13.i121 = zext i32 %or12.i120 to i64
  %shl14.i122 = shl nuw i64 %conv13.i121, 32
  %or15.i123 = or disjoint i64 %shl14.i122, %conv.i118
  %and13.i = and i64 %data, 63
  %shr.i = lshr i64 %or15.i123, %and13.i
  %tobool14.not.i = icmp eq i64 %shr.i, 0
  br i1 %tobool14.not.i, label %if.end19.i, label %if.then15.i

if.then15.i:                                      ; preds = %if.end10.i
  %15 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %shr.i, i1 true)
  %cast.i26 = trunc nuw nsw i64 %15 to i32
  %add17.i = add nuw i32 %cast.i26, %conv
  %cond.i19 = tail call i32 @llvm.umin.i32(i32 %add17.i, i32 %cond.i)
  br label %scan.exit

if.end19.i:                                       ; preds = %if.end10.i
  %add20.i = add nuw i32 %and.i, 64
  %16 = and i32 %conv, 64
  %tobool22.not.not.i = icmp eq i32 %16, 0
  br i1 %tobool22.not.not.i, label %if.then23.i, label %if.end32.i

if.then23.i:                                      ; preds = %if.end19.i
  %17 = inttoptr i32 %add20.i to ptr
  %18 = load <16 x i8>, ptr %17, align 64
  %cmp.i29.i = icmp eq <16 x i8> %18, %splat.splat.i
  %sext.i30.i = sext <16 x i1> %cmp.i29.i to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i)
  %add.ptr.i29 = getelementptr inbounds nuw i8, ptr %17, i32 16
  %20 = load <16 x i8>, ptr %add.ptr.i29, align 16
  %cmp.i27.i = icmp eq <16 x i8> %20, %splat.splat.i
  %sext.i28.i = sext <16 x i1> %cmp.i27.i to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i)
  %add.ptr5.i = getelementptr inbounds nuw i8, ptr %17, i32 32
  %22 = load <16 x i8>, ptr %add.ptr5.i, align 32
  %cmp.i25.i = icmp eq <16 x i8> %22, %splat.splat.i
  %sext.i26.i = sext <16 x i1> %cmp.i25.i to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i)
  %add.ptr8.i = getelementptr inbounds nuw i8, ptr %17, i32 48
  %24 = load <16 x i8>, ptr %add.ptr8.i, align 16
  %cmp.i.i = icmp eq <16 x i8> %24, %splat.splat.i
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %25 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i)
  %shl.i = shl i32 %21, 16
  %or.i = or i32 %shl.i, %19
  %conv.i30 = zext i32 %or.i to i64
  %shl11.i = shl i32 %25, 16
  %or12.i = or i32 %shl11.i, %23
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i30
  %tobool25.not.i = icmp eq i64 %or15.i, 0
  br i1 %tobool25.not.i, label %if.end30.i, label %if.then26.i

if.then26.i:                                      ; preds = %if.then23.i
  %26 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i, i1 true)
  %cast.i23 = trunc nuw nsw i64 %26 to i32
  %add28.i = or disjoint i32 %add20.i, %cast.i23
  %cond.i16 = tail call i32 @llvm.umin.i32(i32 %add28.i, i32 %cond.i)
  br label %scan.exit

if.end30.i:                                       ; preds = %if.then23.i
  %add31.i = add nuw i32 %and.i, 128
  br label %if.end32.i

if.end32.i:                                       ; preds = %if.end30.i, %if.end19.i
  %line.0.i = phi i32 [ %add31.i, %if.end30.i ], [ %add20.i, %if.end19.i ]
  %cmp33.i152 = icmp ult i32 %line.0.i, %cond.i
  br i1 %cmp33.i152, label %for.body.i, label %scan.exit

for.body.i:                                       ; preds = %if.end32.i, %for.inc.i
  %line.1.i153 = phi i32 [ %add58.i, %for.inc.i ], [ %line.0.i, %if.end32.i ]
  %27 = inttoptr i32 %line.1.i153 to ptr
  %28 = load <16 x i8>, ptr %27, align 1
  %xor.i38.i130 = xor <16 x i8> %28, %splat.splat.i
  %add.ptr.i131 = getelementptr inbounds nuw i8, ptr %27, i32 16
  %29 = load <16 x i8>, ptr %add.ptr.i131, align 1
  %xor.i30.i134 = xor <16 x i8> %29, %splat.splat.i
  %add.ptr2.i135 = getelementptr inbounds nuw i8, ptr %27, i32 32
  %30 = load <16 x i8>, ptr %add.ptr2.i135, align 1
  %xor.i22.i138 = xor <16 x i8> %30, %splat.splat.i
  %add.ptr4.i139 = getelementptr inbounds nuw i8, ptr %27, i32 48
  %31 = load <16 x i8>, ptr %add.ptr4.i139, align 1
  %xor.i.i142 = xor <16 x i8> %31, %splat.splat.i
  %elt.min.i19.i143 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i38.i130, <16 x i8> %xor.i30.i134)
  %elt.min.i18.i144 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i22.i138, <16 x i8> %xor.i.i142)
  %elt.min.i.i145 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i19.i143, <16 x i8> %elt.min.i18.i144)
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %27, i32 64
  %32 = load <16 x i8>, ptr %add.ptr.i, align 1
  %xor.i38.i = xor <16 x i8> %32, %splat.splat.i
  %add.ptr.i124 = getelementptr inbounds nuw i8, ptr %27, i32 80
  %33 = load <16 x i8>, ptr %add.ptr.i124, align 1
  %xor.i30.i = xor <16 x i8> %33, %splat.splat.i
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %27, i32 96
  %34 = load <16 x i8>, ptr %add.ptr2.i, align 1
  %xor.i22.i = xor <16 x i8> %34, %splat.splat.i
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %27, i32 112
  %35 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %xor.i.i127 = xor <16 x i8> %35, %splat.splat.i
  %elt.min.i19.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i38.i, <16 x i8> %xor.i30.i)
  %elt.min.i18.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i22.i, <16 x i8> %xor.i.i127)
  %elt.min.i.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i19.i, <16 x i8> %elt.min.i18.i)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i145, <16 x i8> %elt.min.i.i)
  %36 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i)
  %tobool.not.i27.not = icmp eq i32 %36, 0
  br i1 %tobool.not.i27.not, label %if.end42.i, label %for.inc.i

if.end42.i:                                       ; preds = %for.body.i
  %cmp.i29.i65 = icmp eq <16 x i8> %28, %splat.splat.i
  %sext.i30.i66 = sext <16 x i1> %cmp.i29.i65 to <16 x i8>
  %37 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i66)
  %cmp.i27.i71 = icmp eq <16 x i8> %29, %splat.splat.i
  %sext.i28.i72 = sext <16 x i1> %cmp.i27.i71 to <16 x i8>
  %38 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i72)
  %cmp.i25.i77 = icmp eq <16 x i8> %30, %splat.splat.i
  %sext.i26.i78 = sext <16 x i1> %cmp.i25.i77 to <16 x i8>
  %39 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i78)
  %cmp.i.i83 = icmp eq <16 x i8> %31, %splat.splat.i
  %sext.i.i84 = sext <16 x i1> %cmp.i.i83 to <16 x i8>
  %40 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i84)
  %shl.i85 = shl i32 %38, 16
  %or.i86 = or i32 %shl.i85, %37
  %conv.i87 = zext i32 %or.i86 to i64
  %shl11.i88 = shl i32 %40, 16
  %or12.i89 = or i32 %shl11.i88, %39
  %conv13.i90 = zext i32 %or12.i89 to i64
  %shl14.i91 = shl nuw i64 %conv13.i90, 32
  %or15.i92 = or disjoint i64 %shl14.i91, %conv.i87
  %tobool44.not.i = icmp eq i64 %or15.i92, 0
  br i1 %tobool44.not.i, label %if.end49.i, label %if.then45.i

if.then45.i:                                      ; preds = %if.end42.i
  %41 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i92, i1 true)
  %cast.i25 = trunc nuw nsw i64 %41 to i32
  %add47.i = add i32 %line.1.i153, %cast.i25
  %cond.i18 = tail call i32 @llvm.umin.i32(i32 %add47.i, i32 %cond.i)
  br label %scan.exit

if.end49.i:                                       ; preds = %if.end42.i
  %add50.i = add i32 %line.1.i153, 64
  %42 = inttoptr i32 %add50.i to ptr
  %43 = load <16 x i8>, ptr %42, align 1
  %cmp.i29.i34 = icmp eq <16 x i8> %43, %splat.splat.i
  %sext.i30.i35 = sext <16 x i1> %cmp.i29.i34 to <16 x i8>
  %44 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i35)
  %add.ptr.i36 = getelementptr inbounds nuw i8, ptr %42, i32 16
  %45 = load <16 x i8>, ptr %add.ptr.i36, align 1
  %cmp.i27.i40 = icmp eq <16 x i8> %45, %splat.splat.i
  %sext.i28.i41 = sext <16 x i1> %cmp.i27.i40 to <16 x i8>
  %46 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i41)
  %add.ptr5.i42 = getelementptr inbounds nuw i8, ptr %42, i32 32
  %47 = load <16 x i8>, ptr %add.ptr5.i42, align 1
  %cmp.i25.i46 = icmp eq <16 x i8> %47, %splat.splat.i
  %sext.i26.i47 = sext <16 x i1> %cmp.i25.i46 to <16 x i8>
  %48 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i47)
  %add.ptr8.i48 = getelementptr inbounds nuw i8, ptr %42, i32 48
  %49 = load <16 x i8>, ptr %add.ptr8.i48, align 1
  %cmp.i.i52 = icmp eq <16 x i8> %49, %splat.splat.i
  %sext.i.i53 = sext <16 x i1> %cmp.i.i52 to <16 x i8>
  %50 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i53)
  %shl.i54 = shl i32 %46, 16
  %or.i55 = or i32 %shl.i54, %44
  %conv.i56 = zext i32 %or.i55 to i64
  %shl11.i57 = shl i32 %50, 16
  %or12.i58 = or i32 %shl11.i57, %48
  %conv13.i59 = zext i32 %or12.i58 to i64
  %shl14.i60 = shl nuw i64 %conv13.i59, 32
  %or15.i61 = or disjoint i64 %shl14.i60, %conv.i56
  %51 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i61, i1 false)
  %cast.i24 = trunc nuw nsw i64 %51 to i32
  %add54.i = add i32 %add50.i, %cast.i24
  %cond.i17 = tail call i32 @llvm.umin.i32(i32 %add54.i, i32 %cond.i)
  br label %scan.exit

for.inc.i:                                        ; preds = %for.body.i
  %add58.i = add i32 %line.1.i153, 128
  %cmp33.i = icmp ult i32 %add58.i, %cond.i
  br i1 %cmp33.i, label %for.body.i, label %scan.exit

scan.exit:                                        ; preds = %for.inc.i, %if.end32.i, %if.then45.i, %if.end49.i, %cleanup.i, %if.end, %if.then15.i, %if.then26.i
  %retval.5.i = phi i32 [ %cond.i15, %cleanup.i ], [ %conv.i14, %if.end ], [ %cond.i19, %if.then15.i ], [ %cond.i16, %if.then26.i ], [ %cond.i18, %if.then45.i ], [ %cond.i17, %if.end49.i ], [ %cond.i, %if.end32.i ], [ %cond.i, %for.inc.i ]
  %cmp = icmp eq i32 %retval.5.i, %cond.i
  %cond = select i1 %cmp, i32 0, i32 %retval.5.i
  %conv5 = zext i32 %cond to i64
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %conv5, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 2684223553) i64 @string_find_or_end(i64 noundef %text, i64 noundef %value) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %text, 2684223487
  br i1 %0, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw i64 %text to i32
  %conv1 = trunc i64 %value to i8
  %and.i10 = and i32 %conv, 4095
  %cmp1.i5 = icmp samesign ult i32 %and.i10, 4081
  %1 = inttoptr i32 %conv to ptr
  %splat.splatinsert.i = insertelement <16 x i8> poison, i8 %conv1, i64 0
  %splat.splat.i = shufflevector <16 x i8> %splat.splatinsert.i, <16 x i8> poison, <16 x i32> zeroinitializer
  br i1 %cmp1.i5, label %if.then2.i, label %if.else.i

if.then2.i:                                       ; preds = %if.end
  %2 = load <16 x i8>, ptr %1, align 1
  %xor.i = xor <16 x i8> %2, %splat.splat.i
  %elt.min.i.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %2, <16 x i8> %xor.i)
  %cmp.i12 = icmp eq <16 x i8> %elt.min.i.i, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i12 to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %tobool.not.i.not = icmp eq i32 %3, 0
  br i1 %tobool.not.i.not, label %if.end10.i, label %cleanup.i

cleanup.i:                                        ; preds = %if.then2.i
  %4 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %3, i1 true)
  %add.i = add nuw i32 %4, %conv
  br label %scan.exit

if.else.i:                                        ; preds = %if.end
  %5 = load volatile i8, ptr %1, align 1
  br label %if.end10.i

if.end10.i:                                       ; preds = %if.then2.i, %if.else.i
  %and.i = and i32 %conv, -64
  %6 = inttoptr i32 %and.i to ptr
  %7 = load <16 x i8>, ptr %6, align 64
  %xor.i49.i93 = xor <16 x i8> %7, %splat.splat.i
  %elt.min.i.i52.i94 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %7, <16 x i8> %xor.i49.i93)
  %cmp.i29.i95 = icmp eq <16 x i8> %elt.min.i.i52.i94, zeroinitializer
  %sext.i30.i96 = sext <16 x i1> %cmp.i29.i95 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i96)
  %add.ptr.i97 = getelementptr inbounds nuw i8, ptr %6, i32 16
  %9 = load <16 x i8>, ptr %add.ptr.i97, align 16
  %xor.i41.i100 = xor <16 x i8> %9, %splat.splat.i
  %elt.min.i.i44.i101 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %9, <16 x i8> %xor.i41.i100)
  %cmp.i27.i102 = icmp eq <16 x i8> %elt.min.i.i44.i101, zeroinitializer
  %sext.i28.i103 = sext <16 x i1> %cmp.i27.i102 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i103)
  %add.ptr5.i104 = getelementptr inbounds nuw i8, ptr %6, i32 32
  %11 = load <16 x i8>, ptr %add.ptr5.i104, align 32
  %xor.i33.i107 = xor <16 x i8> %11, %splat.splat.i
  %elt.min.i.i36.i108 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %11, <16 x i8> %xor.i33.i107)
  %cmp.i25.i109 = icmp eq <16 x i8> %elt.min.i.i36.i108, zeroinitializer
  %sext.i26.i110 = sext <16 x i1> %cmp.i25.i109 to <16 x i8>
  %12 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i110)
  %add.ptr8.i111 = getelementptr inbounds nuw i8, ptr %6, i32 48
  %13 = load <16 x i8>, ptr %add.ptr8.i111, align 16
  %xor.i.i114 = xor <16 x i8> %13, %splat.splat.i
  %elt.min.i.i.i115 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %13, <16 x i8> %xor.i.i114)
  %cmp.i.i116 = icmp eq <16 x i8> %elt.min.i.i.i115, zeroinitializer
  %sext.i.i117 = sext <16 x i1> %cmp.i.i116 to <16 x i8>
  %14 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i117)
  %shl.i118 = shl i32 %10, 16
  %or.i119 = or i32 %shl.i118, %8
  %conv.i120 = zext i32 %or.i119 to i64
  %shl11.i121 = shl i32 %14, 16
  %or12.i122 = or i32 %shl11.i121, %12
  %conv13.i123 = zext i32 %or12.i122 to i64
  %shl14.i124 = shl nuw i64 %conv13.i123, 32
  %or15.i125 = or disjoint i64 %shl14.i124, %conv.i120
  %and13.i = and i64 %text, 63
  %shr.i = lshr i64 %or15.i125, %and13.i
  %tobool14.not.i = icmp eq i64 %shr.i, 0
  br i1 %tobool14.not.i, label %if.end19.i, label %if.then15.i

if.then15.i:                                      ; preds = %if.end10.i
  %15 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %shr.i, i1 true)
  %cast.i16 = trunc nuw nsw i64 %15 to i32
  %add17.i = add nuw i32 %cast.i16, %conv
  br label %scan.exit

if.end19.i:                                       ; preds = %if.end10.i
  %add20.i = add nuw i32 %and.i, 64
  %16 = and i32 %conv, 64
  %tobool22.not.not.i = icmp eq i32 %16, 0
  br i1 %tobool22.not.not.i, label %if.then23.i, label %for.body.i.preheader

if.then23.i:                                      ; preds = %if.end19.i
  %17 = inttoptr i32 %add20.i to ptr
  %18 = load <16 x i8>, ptr %17, align 64
  %xor.i49.i = xor <16 x i8> %18, %splat.splat.i
  %elt.min.i.i52.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %18, <16 x i8> %xor.i49.i)
  %cmp.i29.i = icmp eq <16 x i8> %elt.min.i.i52.i, zeroinitializer
  %sext.i30.i = sext <16 x i1> %cmp.i29.i to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i)
  %add.ptr.i19 = getelementptr inbounds nuw i8, ptr %17, i32 16
  %20 = load <16 x i8>, ptr %add.ptr.i19, align 16
  %xor.i41.i = xor <16 x i8> %20, %splat.splat.i
  %elt.min.i.i44.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %20, <16 x i8> %xor.i41.i)
  %cmp.i27.i = icmp eq <16 x i8> %elt.min.i.i44.i, zeroinitializer
  %sext.i28.i = sext <16 x i1> %cmp.i27.i to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i)
  %add.ptr5.i = getelementptr inbounds nuw i8, ptr %17, i32 32
  %22 = load <16 x i8>, ptr %add.ptr5.i, align 32
  %xor.i33.i = xor <16 x i8> %22, %splat.splat.i
  %elt.min.i.i36.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %22, <16 x i8> %xor.i33.i)
  %cmp.i25.i = icmp eq <16 x i8> %elt.min.i.i36.i, zeroinitializer
  %sext.i26.i = sext <16 x i1> %cmp.i25.i to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i)
  %add.ptr8.i = getelementptr inbounds nuw i8, ptr %17, i32 48
  %24 = load <16 x i8>, ptr %add.ptr8.i, align 16
  %xor.i.i = xor <16 x i8> %24, %splat.splat.i
  %elt.min.i.i.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %24, <16 x i8> %xor.i.i)
  %cmp.i.i = icmp eq <16 x i8> %elt.min.i.i.i, zeroinitializer
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %25 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i)
  %shl.i = shl i32 %21, 16
  %or.i = or i32 %shl.i, %19
  %conv.i20 = zext i32 %or.i to i64
  %shl11.i = shl i32 %25, 16
  %or12.i = or i32 %shl11.i, %23
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i20
  %tobool25.not.i = icmp eq i64 %or15.i, 0
  br i1 %tobool25.not.i, label %if.end32.i, label %if.then26.i

if.then26.i:                                      ; preds = %if.then23.i
  %26 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i, i1 true)
  %cast.i13 = trunc nuw nsw i64 %26 to i32
  %add28.i = or disjoint i32 %add20.i, %cast.i13
  br label %scan.exit

if.end32.i:                                       ; preds = %if.then23.i
  %add31.i = add nuw i32 %and.i, 128
  %cmp33.i157 = icmp ult i64 %text, 2684223424
  br i1 %cmp33.i157, label %for.body.i.preheader, label %scan.exit

for.body.i.preheader:                             ; preds = %if.end19.i, %if.end32.i
  %line.1.i158.ph = phi i32 [ %add20.i, %if.end19.i ], [ %add31.i, %if.end32.i ]
  br label %for.body.i

for.body.i:                                       ; preds = %for.body.i.preheader, %for.inc.i
  %line.1.i158 = phi i32 [ %add58.i, %for.inc.i ], [ %line.1.i158.ph, %for.body.i.preheader ]
  %27 = inttoptr i32 %line.1.i158 to ptr
  %28 = load <16 x i8>, ptr %27, align 1
  %xor.i38.i134 = xor <16 x i8> %28, %splat.splat.i
  %elt.min.i.i41.i135 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %28, <16 x i8> %xor.i38.i134)
  %add.ptr.i136 = getelementptr inbounds nuw i8, ptr %27, i32 16
  %29 = load <16 x i8>, ptr %add.ptr.i136, align 1
  %xor.i30.i139 = xor <16 x i8> %29, %splat.splat.i
  %elt.min.i.i33.i140 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %29, <16 x i8> %xor.i30.i139)
  %add.ptr2.i141 = getelementptr inbounds nuw i8, ptr %27, i32 32
  %30 = load <16 x i8>, ptr %add.ptr2.i141, align 1
  %xor.i22.i144 = xor <16 x i8> %30, %splat.splat.i
  %elt.min.i.i25.i145 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %30, <16 x i8> %xor.i22.i144)
  %add.ptr4.i146 = getelementptr inbounds nuw i8, ptr %27, i32 48
  %31 = load <16 x i8>, ptr %add.ptr4.i146, align 1
  %xor.i.i149 = xor <16 x i8> %31, %splat.splat.i
  %elt.min.i.i.i150 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %31, <16 x i8> %xor.i.i149)
  %elt.min.i19.i151 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i41.i135, <16 x i8> %elt.min.i.i33.i140)
  %elt.min.i18.i152 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i25.i145, <16 x i8> %elt.min.i.i.i150)
  %elt.min.i.i153 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i19.i151, <16 x i8> %elt.min.i18.i152)
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %27, i32 64
  %32 = load <16 x i8>, ptr %add.ptr.i, align 1
  %xor.i38.i = xor <16 x i8> %32, %splat.splat.i
  %elt.min.i.i41.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %32, <16 x i8> %xor.i38.i)
  %add.ptr.i126 = getelementptr inbounds nuw i8, ptr %27, i32 80
  %33 = load <16 x i8>, ptr %add.ptr.i126, align 1
  %xor.i30.i = xor <16 x i8> %33, %splat.splat.i
  %elt.min.i.i33.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %33, <16 x i8> %xor.i30.i)
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %27, i32 96
  %34 = load <16 x i8>, ptr %add.ptr2.i, align 1
  %xor.i22.i = xor <16 x i8> %34, %splat.splat.i
  %elt.min.i.i25.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %34, <16 x i8> %xor.i22.i)
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %27, i32 112
  %35 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %xor.i.i129 = xor <16 x i8> %35, %splat.splat.i
  %elt.min.i.i.i130 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %35, <16 x i8> %xor.i.i129)
  %elt.min.i19.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i41.i, <16 x i8> %elt.min.i.i33.i)
  %elt.min.i18.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i25.i, <16 x i8> %elt.min.i.i.i130)
  %elt.min.i.i131 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i19.i, <16 x i8> %elt.min.i18.i)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i153, <16 x i8> %elt.min.i.i131)
  %36 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i)
  %tobool.not.i17.not = icmp eq i32 %36, 0
  br i1 %tobool.not.i17.not, label %if.end42.i, label %for.inc.i

if.end42.i:                                       ; preds = %for.body.i
  %cmp.i29.i60 = icmp eq <16 x i8> %elt.min.i.i41.i135, zeroinitializer
  %sext.i30.i61 = sext <16 x i1> %cmp.i29.i60 to <16 x i8>
  %37 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i61)
  %cmp.i27.i67 = icmp eq <16 x i8> %elt.min.i.i33.i140, zeroinitializer
  %sext.i28.i68 = sext <16 x i1> %cmp.i27.i67 to <16 x i8>
  %38 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i68)
  %cmp.i25.i74 = icmp eq <16 x i8> %elt.min.i.i25.i145, zeroinitializer
  %sext.i26.i75 = sext <16 x i1> %cmp.i25.i74 to <16 x i8>
  %39 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i75)
  %cmp.i.i81 = icmp eq <16 x i8> %elt.min.i.i.i150, zeroinitializer
  %sext.i.i82 = sext <16 x i1> %cmp.i.i81 to <16 x i8>
  %40 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i82)
  %shl.i83 = shl i32 %38, 16
  %or.i84 = or i32 %shl.i83, %37
  %conv.i85 = zext i32 %or.i84 to i64
  %shl11.i86 = shl i32 %40, 16
  %or12.i87 = or i32 %shl11.i86, %39
  %conv13.i88 = zext i32 %or12.i87 to i64
  %shl14.i89 = shl nuw i64 %conv13.i88, 32
  %or15.i90 = or disjoint i64 %shl14.i89, %conv.i85
  %tobool44.not.i = icmp eq i64 %or15.i90, 0
  br i1 %tobool44.not.i, label %if.end49.i, label %if.then45.i

if.then45.i:                                      ; preds = %if.end42.i
  %41 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i90, i1 true)
  %cast.i15 = trunc nuw nsw i64 %41 to i32
  %add47.i = add nuw i32 %line.1.i158, %cast.i15
  %cond.i8 = tail call i32 @llvm.umin.i32(i32 %add47.i, i32 -1610743744)
  br label %scan.exit

if.end49.i:                                       ; preds = %if.end42.i
  %add50.i = add nuw i32 %line.1.i158, 64
  %42 = inttoptr i32 %add50.i to ptr
  %43 = load <16 x i8>, ptr %42, align 1
  %xor.i49.i23 = xor <16 x i8> %43, %splat.splat.i
  %elt.min.i.i52.i24 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %43, <16 x i8> %xor.i49.i23)
  %cmp.i29.i25 = icmp eq <16 x i8> %elt.min.i.i52.i24, zeroinitializer
  %sext.i30.i26 = sext <16 x i1> %cmp.i29.i25 to <16 x i8>
  %44 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i26)
  %add.ptr.i27 = getelementptr inbounds nuw i8, ptr %42, i32 16
  %45 = load <16 x i8>, ptr %add.ptr.i27, align 1
  %xor.i41.i30 = xor <16 x i8> %45, %splat.splat.i
  %elt.min.i.i44.i31 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %45, <16 x i8> %xor.i41.i30)
  %cmp.i27.i32 = icmp eq <16 x i8> %elt.min.i.i44.i31, zeroinitializer
  %sext.i28.i33 = sext <16 x i1> %cmp.i27.i32 to <16 x i8>
  %46 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i33)
  %add.ptr5.i34 = getelementptr inbounds nuw i8, ptr %42, i32 32
  %47 = load <16 x i8>, ptr %add.ptr5.i34, align 1
  %xor.i33.i37 = xor <16 x i8> %47, %splat.splat.i
  %elt.min.i.i36.i38 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %47, <16 x i8> %xor.i33.i37)
  %cmp.i25.i39 = icmp eq <16 x i8> %elt.min.i.i36.i38, zeroinitializer
  %sext.i26.i40 = sext <16 x i1> %cmp.i25.i39 to <16 x i8>
  %48 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i40)
  %add.ptr8.i41 = getelementptr inbounds nuw i8, ptr %42, i32 48
  %49 = load <16 x i8>, ptr %add.ptr8.i41, align 1
  %xor.i.i44 = xor <16 x i8> %49, %splat.splat.i
  %elt.min.i.i.i45 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %49, <16 x i8> %xor.i.i44)
  %cmp.i.i46 = icmp eq <16 x i8> %elt.min.i.i.i45, zeroinitializer
  %sext.i.i47 = sext <16 x i1> %cmp.i.i46 to <16 x i8>
  %50 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i47)
  %shl.i48 = shl i32 %46, 16
  %or.i49 = or i32 %shl.i48, %44
  %conv.i50 = zext i32 %or.i49 to i64
  %shl11.i51 = shl i32 %50, 16
  %or12.i52 = or i32 %shl11.i51, %48
  %conv13.i53 = zext i32 %or12.i52 to i64
  %shl14.i54 = shl nuw i64 %conv13.i53, 32
  %or15.i55 = or disjoint i64 %shl14.i54, %conv.i50
  %51 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i55, i1 false)
  %cast.i14 = trunc nuw nsw i64 %51 to i32
  %add54.i = add nuw i32 %add50.i, %cast.i14
  %cond.i7 = tail call i32 @llvm.umin.i32(i32 %add54.i, i32 -1610743744)
  br label %scan.exit

for.inc.i:                                        ; preds = %for.body.i
  %add58.i = add nuw i32 %line.1.i158, 128
  %cmp33.i = icmp ult i32 %line.1.i158, -1610743872
  br i1 %cmp33.i, label %for.body.i, label %scan.exit

scan.exit:                                        ; preds = %for.inc.i, %if.end32.i, %if.then45.i, %if.end49.i, %cleanup.i, %if.then15.i, %if.then26.i
  %retval.5.i = phi i32 [ %add.i, %cleanup.i ], [ %cond.i8, %if.then45.i ], [ %add17.i, %if.then15.i ], [ %add28.i, %if.then26.i ], [ %cond.i7, %if.end49.i ], [ -1610743744, %if.end32.i ], [ -1610743744, %for.inc.i ]
  %conv3 = zext i32 %retval.5.i to i64
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %conv3, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 2684223553) i64 @string_find(i64 noundef %text, i64 noundef %value) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %text, 2684223487
  br i1 %0, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw i64 %text to i32
  %conv1 = trunc i64 %value to i8
  %and.i17 = and i32 %conv, 4095
  %cmp1.i12 = icmp samesign ult i32 %and.i17, 4081
  %1 = inttoptr i32 %conv to ptr
  %splat.splatinsert.i = insertelement <16 x i8> poison, i8 %conv1, i64 0
  %splat.splat.i = shufflevector <16 x i8> %splat.splatinsert.i, <16 x i8> poison, <16 x i32> zeroinitializer
  br i1 %cmp1.i12, label %if.then2.i, label %if.else.i

if.then2.i:                                       ; preds = %if.end
  %2 = load <16 x i8>, ptr %1, align 1
  %xor.i = xor <16 x i8> %2, %splat.splat.i
  %elt.min.i.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %2, <16 x i8> %xor.i)
  %cmp.i19 = icmp eq <16 x i8> %elt.min.i.i, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i19 to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %tobool.not.i.not = icmp eq i32 %3, 0
  br i1 %tobool.not.i.not, label %if.end10.i, label %cleanup.i

cleanup.i:                                        ; preds = %if.then2.i
  %4 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %3, i1 true)
  %add.i = add nuw i32 %4, %conv
  br label %scan.exit

if.else.i:                                        ; preds = %if.end
  %5 = load volatile i8, ptr %1, align 1
  br label %if.end10.i

if.end10.i:                                       ; preds = %if.then2.i, %if.else.i
  %and.i = and i32 %conv, -64
  %6 = inttoptr i32 %and.i to ptr
  %7 = load <16 x i8>, ptr %6, align 64
  %xor.i49.i100 = xor <16 x i8> %7, %splat.splat.i
  %elt.min.i.i52.i101 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %7, <16 x i8> %xor.i49.i100)
  %cmp.i29.i102 = icmp eq <16 x i8> %elt.min.i.i52.i101, zeroinitializer
  %sext.i30.i103 = sext <16 x i1> %cmp.i29.i102 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i103)
  %add.ptr.i104 = getelementptr inbounds nuw i8, ptr %6, i32 16
  %9 = load <16 x i8>, ptr %add.ptr.i104, align 16
  %xor.i41.i107 = xor <16 x i8> %9, %splat.splat.i
  %elt.min.i.i44.i108 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %9, <16 x i8> %xor.i41.i107)
  %cmp.i27.i109 = icmp eq <16 x i8> %elt.min.i.i44.i108, zeroinitializer
  %sext.i28.i110 = sext <16 x i1> %cmp.i27.i109 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i110)
  %add.ptr5.i111 = getelementptr inbounds nuw i8, ptr %6, i32 32
  %11 = load <16 x i8>, ptr %add.ptr5.i111, align 32
  %xor.i33.i114 = xor <16 x i8> %11, %splat.splat.i
  %elt.min.i.i36.i115 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %11, <16 x i8> %xor.i33.i114)
  %cmp.i25.i116 = icmp eq <16 x i8> %elt.min.i.i36.i115, zeroinitializer
  %sext.i26.i117 = sext <16 x i1> %cmp.i25.i116 to <16 x i8>
  %12 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i117)
  %add.ptr8.i118 = getelementptr inbounds nuw i8, ptr %6, i32 48
  %13 = load <16 x i8>, ptr %add.ptr8.i118, align 16
  %xor.i.i121 = xor <16 x i8> %13, %splat.splat.i
  %elt.min.i.i.i122 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %13, <16 x i8> %xor.i.i121)
  %cmp.i.i123 = icmp eq <16 x i8> %elt.min.i.i.i122, zeroinitializer
  %sext.i.i124 = sext <16 x i1> %cmp.i.i123 to <16 x i8>
  %14 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i124)
  %shl.i125 = shl i32 %10, 16
  %or.i126 = or i32 %shl.i125, %8
  %conv.i127 = zext i32 %or.i126 to i64
  %shl11.i128 = shl i32 %14, 16
  %or12.i129 = or i32 %shl11.i128, %12
  %conv13.i130 = zext i32 %or12.i129 to i64
  %shl14.i131 = shl nuw i64 %conv13.i130, 32
  %or15.i132 = or disjoint i64 %shl14.i131, %conv.i127
  %and13.i = and i64 %text, 63
  %shr.i = lshr i64 %or15.i132, %and13.i
  %tobool14.not.i = icmp eq i64 %shr.i, 0
  br i1 %tobool14.not.i, label %if.end19.i, label %if.then15.i

if.then15.i:                                      ; preds = %if.end10.i
  %15 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %shr.i, i1 true)
  %cast.i23 = trunc nuw nsw i64 %15 to i32
  %add17.i = add nuw i32 %cast.i23, %conv
  br label %scan.exit

if.end19.i:                                       ; preds = %if.end10.i
  %add20.i = add nuw i32 %and.i, 64
  %16 = and i32 %conv, 64
  %tobool22.not.not.i = icmp eq i32 %16, 0
  br i1 %tobool22.not.not.i, label %if.then23.i, label %for.body.i.preheader

if.then23.i:                                      ; preds = %if.end19.i
  %17 = inttoptr i32 %add20.i to ptr
  %18 = load <16 x i8>, ptr %17, align 64
  %xor.i49.i = xor <16 x i8> %18, %splat.splat.i
  %elt.min.i.i52.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %18, <16 x i8> %xor.i49.i)
  %cmp.i29.i = icmp eq <16 x i8> %elt.min.i.i52.i, zeroinitializer
  %sext.i30.i = sext <16 x i1> %cmp.i29.i to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i)
  %add.ptr.i26 = getelementptr inbounds nuw i8, ptr %17, i32 16
  %20 = load <16 x i8>, ptr %add.ptr.i26, align 16
  %xor.i41.i = xor <16 x i8> %20, %splat.splat.i
  %elt.min.i.i44.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %20, <16 x i8> %xor.i41.i)
  %cmp.i27.i = icmp eq <16 x i8> %elt.min.i.i44.i, zeroinitializer
  %sext.i28.i = sext <16 x i1> %cmp.i27.i to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i)
  %add.ptr5.i = getelementptr inbounds nuw i8, ptr %17, i32 32
  %22 = load <16 x i8>, ptr %add.ptr5.i, align 32
  %xor.i33.i = xor <16 x i8> %22, %splat.splat.i
  %elt.min.i.i36.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %22, <16 x i8> %xor.i33.i)
  %cmp.i25.i = icmp eq <16 x i8> %elt.min.i.i36.i, zeroinitializer
  %sext.i26.i = sext <16 x i1> %cmp.i25.i to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i)
  %add.ptr8.i = getelementptr inbounds nuw i8, ptr %17, i32 48
  %24 = load <16 x i8>, ptr %add.ptr8.i, align 16
  %xor.i.i = xor <16 x i8> %24, %splat.splat.i
  %elt.min.i.i.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %24, <16 x i8> %xor.i.i)
  %cmp.i.i = icmp eq <16 x i8> %elt.min.i.i.i, zeroinitializer
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %25 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i)
  %shl.i = shl i32 %21, 16
  %or.i = or i32 %shl.i, %19
  %conv.i27 = zext i32 %or.i to i64
  %shl11.i = shl i32 %25, 16
  %or12.i = or i32 %shl11.i, %23
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i27
  %tobool25.not.i = icmp eq i64 %or15.i, 0
  br i1 %tobool25.not.i, label %if.end32.i, label %if.then26.i

if.then26.i:                                      ; preds = %if.then23.i
  %26 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i, i1 true)
  %cast.i20 = trunc nuw nsw i64 %26 to i32
  %add28.i = or disjoint i32 %add20.i, %cast.i20
  br label %scan.exit

if.end32.i:                                       ; preds = %if.then23.i
  %add31.i = add nuw i32 %and.i, 128
  %cmp33.i164 = icmp ult i64 %text, 2684223424
  br i1 %cmp33.i164, label %for.body.i.preheader, label %scan.exit

for.body.i.preheader:                             ; preds = %if.end19.i, %if.end32.i
  %line.1.i165.ph = phi i32 [ %add20.i, %if.end19.i ], [ %add31.i, %if.end32.i ]
  br label %for.body.i

for.body.i:                                       ; preds = %for.body.i.preheader, %for.inc.i
  %line.1.i165 = phi i32 [ %add58.i, %for.inc.i ], [ %line.1.i165.ph, %for.body.i.preheader ]
  %27 = inttoptr i32 %line.1.i165 to ptr
  %28 = load <16 x i8>, ptr %27, align 1
  %xor.i38.i141 = xor <16 x i8> %28, %splat.splat.i
  %elt.min.i.i41.i142 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %28, <16 x i8> %xor.i38.i141)
  %add.ptr.i143 = getelementptr inbounds nuw i8, ptr %27, i32 16
  %29 = load <16 x i8>, ptr %add.ptr.i143, align 1
  %xor.i30.i146 = xor <16 x i8> %29, %splat.splat.i
  %elt.min.i.i33.i147 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %29, <16 x i8> %xor.i30.i146)
  %add.ptr2.i148 = getelementptr inbounds nuw i8, ptr %27, i32 32
  %30 = load <16 x i8>, ptr %add.ptr2.i148, align 1
  %xor.i22.i151 = xor <16 x i8> %30, %splat.splat.i
  %elt.min.i.i25.i152 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %30, <16 x i8> %xor.i22.i151)
  %add.ptr4.i153 = getelementptr inbounds nuw i8, ptr %27, i32 48
  %31 = load <16 x i8>, ptr %add.ptr4.i153, align 1
  %xor.i.i156 = xor <16 x i8> %31, %splat.splat.i
  %elt.min.i.i.i157 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %31, <16 x i8> %xor.i.i156)
  %elt.min.i19.i158 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i41.i142, <16 x i8> %elt.min.i.i33.i147)
  %elt.min.i18.i159 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i25.i152, <16 x i8> %elt.min.i.i.i157)
  %elt.min.i.i160 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i19.i158, <16 x i8> %elt.min.i18.i159)
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %27, i32 64
  %32 = load <16 x i8>, ptr %add.ptr.i, align 1
  %xor.i38.i = xor <16 x i8> %32, %splat.splat.i
  %elt.min.i.i41.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %32, <16 x i8> %xor.i38.i)
  %add.ptr.i133 = getelementptr inbounds nuw i8, ptr %27, i32 80
  %33 = load <16 x i8>, ptr %add.ptr.i133, align 1
  %xor.i30.i = xor <16 x i8> %33, %splat.splat.i
  %elt.min.i.i33.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %33, <16 x i8> %xor.i30.i)
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %27, i32 96
  %34 = load <16 x i8>, ptr %add.ptr2.i, align 1
  %xor.i22.i = xor <16 x i8> %34, %splat.splat.i
  %elt.min.i.i25.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %34, <16 x i8> %xor.i22.i)
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %27, i32 112
  %35 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %xor.i.i136 = xor <16 x i8> %35, %splat.splat.i
  %elt.min.i.i.i137 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %35, <16 x i8> %xor.i.i136)
  %elt.min.i19.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i41.i, <16 x i8> %elt.min.i.i33.i)
  %elt.min.i18.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i25.i, <16 x i8> %elt.min.i.i.i137)
  %elt.min.i.i138 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i19.i, <16 x i8> %elt.min.i18.i)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i160, <16 x i8> %elt.min.i.i138)
  %36 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i)
  %tobool.not.i24.not = icmp eq i32 %36, 0
  br i1 %tobool.not.i24.not, label %if.end42.i, label %for.inc.i

if.end42.i:                                       ; preds = %for.body.i
  %cmp.i29.i67 = icmp eq <16 x i8> %elt.min.i.i41.i142, zeroinitializer
  %sext.i30.i68 = sext <16 x i1> %cmp.i29.i67 to <16 x i8>
  %37 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i68)
  %cmp.i27.i74 = icmp eq <16 x i8> %elt.min.i.i33.i147, zeroinitializer
  %sext.i28.i75 = sext <16 x i1> %cmp.i27.i74 to <16 x i8>
  %38 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i75)
  %cmp.i25.i81 = icmp eq <16 x i8> %elt.min.i.i25.i152, zeroinitializer
  %sext.i26.i82 = sext <16 x i1> %cmp.i25.i81 to <16 x i8>
  %39 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i82)
  %cmp.i.i88 = icmp eq <16 x i8> %elt.min.i.i.i157, zeroinitializer
  %sext.i.i89 = sext <16 x i1> %cmp.i.i88 to <16 x i8>
  %40 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i89)
  %shl.i90 = shl i32 %38, 16
  %or.i91 = or i32 %shl.i90, %37
  %conv.i92 = zext i32 %or.i91 to i64
  %shl11.i93 = shl i32 %40, 16
  %or12.i94 = or i32 %shl11.i93, %39
  %conv13.i95 = zext i32 %or12.i94 to i64
  %shl14.i96 = shl nuw i64 %conv13.i95, 32
  %or15.i97 = or disjoint i64 %shl14.i96, %conv.i92
  %tobool44.not.i = icmp eq i64 %or15.i97, 0
  br i1 %tobool44.not.i, label %if.end49.i, label %if.then45.i

if.then45.i:                                      ; preds = %if.end42.i
  %41 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i97, i1 true)
  %cast.i22 = trunc nuw nsw i64 %41 to i32
  %add47.i = add nuw i32 %line.1.i165, %cast.i22
  %cond.i15 = tail call i32 @llvm.umin.i32(i32 %add47.i, i32 -1610743744)
  br label %scan.exit

if.end49.i:                                       ; preds = %if.end42.i
  %add50.i = add nuw i32 %line.1.i165, 64
  %42 = inttoptr i32 %add50.i to ptr
  %43 = load <16 x i8>, ptr %42, align 1
  %xor.i49.i30 = xor <16 x i8> %43, %splat.splat.i
  %elt.min.i.i52.i31 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %43, <16 x i8> %xor.i49.i30)
  %cmp.i29.i32 = icmp eq <16 x i8> %elt.min.i.i52.i31, zeroinitializer
  %sext.i30.i33 = sext <16 x i1> %cmp.i29.i32 to <16 x i8>
  %44 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i33)
  %add.ptr.i34 = getelementptr inbounds nuw i8, ptr %42, i32 16
  %45 = load <16 x i8>, ptr %add.ptr.i34, align 1
  %xor.i41.i37 = xor <16 x i8> %45, %splat.splat.i
  %elt.min.i.i44.i38 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %45, <16 x i8> %xor.i41.i37)
  %cmp.i27.i39 = icmp eq <16 x i8> %elt.min.i.i44.i38, zeroinitializer
  %sext.i28.i40 = sext <16 x i1> %cmp.i27.i39 to <16 x i8>
  %46 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i40)
  %add.ptr5.i41 = getelementptr inbounds nuw i8, ptr %42, i32 32
  %47 = load <16 x i8>, ptr %add.ptr5.i41, align 1
  %xor.i33.i44 = xor <16 x i8> %47, %splat.splat.i
  %elt.min.i.i36.i45 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %47, <16 x i8> %xor.i33.i44)
  %cmp.i25.i46 = icmp eq <16 x i8> %elt.min.i.i36.i45, zeroinitializer
  %sext.i26.i47 = sext <16 x i1> %cmp.i25.i46 to <16 x i8>
  %48 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i47)
  %add.ptr8.i48 = getelementptr inbounds nuw i8, ptr %42, i32 48
  %49 = load <16 x i8>, ptr %add.ptr8.i48, align 1
  %xor.i.i51 = xor <16 x i8> %49, %splat.splat.i
  %elt.min.i.i.i52 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %49, <16 x i8> %xor.i.i51)
  %cmp.i.i53 = icmp eq <16 x i8> %elt.min.i.i.i52, zeroinitializer
  %sext.i.i54 = sext <16 x i1> %cmp.i.i53 to <16 x i8>
  %50 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i54)
  %shl.i55 = shl i32 %46, 16
  %or.i56 = or i32 %shl.i55, %44
  %conv.i57 = zext i32 %or.i56 to i64
  %shl11.i58 = shl i32 %50, 16
  %or12.i59 = or i32 %shl11.i58, %48
  %conv13.i60 = zext i32 %or12.i59 to i64
  %shl14.i61 = shl nuw i64 %conv13.i60, 32
  %or15.i62 = or disjoint i64 %shl14.i61, %conv.i57
  %51 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i62, i1 false)
  %cast.i21 = trunc nuw nsw i64 %51 to i32
  %add54.i = add nuw i32 %add50.i, %cast.i21
  %cond.i14 = tail call i32 @llvm.umin.i32(i32 %add54.i, i32 -1610743744)
  br label %scan.exit

for.inc.i:                                        ; preds = %for.body.i
  %add58.i = add nuw i32 %line.1.i165, 128
  %cmp33.i = icmp ult i32 %line.1.i165, -1610743872
  br i1 %cmp33.i, label %for.body.i, label %scan.exit

scan.exit:                                        ; preds = %for.inc.i, %if.end32.i, %if.then45.i, %if.end49.i, %cleanup.i, %if.then15.i, %if.then26.i
  %retval.5.i = phi i32 [ %add.i, %cleanup.i ], [ %cond.i15, %if.then45.i ], [ %add17.i, %if.then15.i ], [ %add28.i, %if.then26.i ], [ %cond.i14, %if.end49.i ], [ -1610743744, %if.end32.i ], [ -1610743744, %for.inc.i ]
  %52 = inttoptr i32 %retval.5.i to ptr
  %53 = load i8, ptr %52, align 1
  %cmp = icmp eq i8 %53, %conv1
  %54 = zext i32 %retval.5.i to i64
  %conv8 = select i1 %cmp, i64 %54, i64 0
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %conv8, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 2684223553) i64 @string_find_raw(i64 noundef %data, i64 noundef %value) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %data, 2684223487
  br i1 %0, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw i64 %data to i32
  %conv1 = trunc i64 %value to i8
  %and.i10 = and i32 %conv, 4095
  %cmp1.i5 = icmp samesign ult i32 %and.i10, 4081
  %1 = inttoptr i32 %conv to ptr
  %splat.splatinsert.i = insertelement <16 x i8> poison, i8 %conv1, i64 0
  %splat.splat.i = shufflevector <16 x i8> %splat.splatinsert.i, <16 x i8> poison, <16 x i32> zeroinitializer
  br i1 %cmp1.i5, label %if.then2.i, label %if.else.i

if.then2.i:                                       ; preds = %if.end
  %2 = load <16 x i8>, ptr %1, align 1
  %cmp.i12 = icmp eq <16 x i8> %2, %splat.splat.i
  %sext.i = sext <16 x i1> %cmp.i12 to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %tobool.not.i.not = icmp eq i32 %3, 0
  br i1 %tobool.not.i.not, label %if.end10.i, label %cleanup.i

cleanup.i:                                        ; preds = %if.then2.i
  %4 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %3, i1 true)
  %add.i = add nuw i32 %4, %conv
  br label %scan.exit

if.else.i:                                        ; preds = %if.end
  %5 = load volatile i8, ptr %1, align 1
  br label %if.end10.i

if.end10.i:                                       ; preds = %if.then2.i, %if.else.i
  %and.i = and i32 %conv, -64
  %6 = inttoptr i32 %and.i to ptr
  %7 = load <16 x i8>, ptr %6, align 64
  %cmp.i29.i86 = icmp eq <16 x i8> %7, %splat.splat.i
  %sext.i30.i87 = sext <16 x i1> %cmp.i29.i86 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i87)
  %add.ptr.i88 = getelementptr inbounds nuw i8, ptr %6, i32 16
  %9 = load <16 x i8>, ptr %add.ptr.i88, align 16
  %cmp.i27.i92 = icmp eq <16 x i8> %9, %splat.splat.i
  %sext.i28.i93 = sext <16 x i1> %cmp.i27.i92 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i93)
  %add.ptr5.i94 = getelementptr inbounds nuw i8, ptr %6, i32 32
  %11 = load <16 x i8>, ptr %add.ptr5.i94, align 32
  %cmp.i25.i98 = icmp eq <16 x i8> %11, %splat.splat.i
  %sext.i26.i99 = sext <16 x i1> %cmp.i25.i98 to <16 x i8>
  %12 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i99)
  %add.ptr8.i100 = getelementptr inbounds nuw i8, ptr %6, i32 48
  %13 = load <16 x i8>, ptr %add.ptr8.i100, align 16
  %cmp.i.i104 = icmp eq <16 x i8> %13, %splat.splat.i
  %sext.i.i105 = sext <16 x i1> %cmp.i.i104 to <16 x i8>
  %14 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i105)
  %shl.i106 = shl i32 %10, 16
  %or.i107 = or i32 %shl.i106, %8
  %conv.i108 = zext i32 %or.i107 to i64
  %shl11.i109 = shl i32 %14, 16
  %or12.i110 = or i32 %shl11.i109, %12
  %conv13.i111 = zext i32 %or12.i110 to i64
  %shl14.i112 = shl nuw i64 %conv13.i111, 32
  %or15.i113 = or disjoint i64 %shl14.i112, %conv.i108
  %and13.i = and i64 %data, 63
  %shr.i = lshr i64 %or15.i113, %and13.i
  %tobool14.not.i = icmp eq i64 %shr.i, 0
  br i1 %tobool14.not.i, label %if.end19.i, label %if.then15.i

if.then15.i:                                      ; preds = %if.end10.i
  %15 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %shr.i, i1 true)
  %cast.i16 = trunc nuw nsw i64 %15 to i32
  %add17.i = add nuw i32 %cast.i16, %conv
  br label %scan.exit

if.end19.i:                                       ; preds = %if.end10.i
  %add20.i = add nuw i32 %and.i, 64
  %16 = and i32 %conv, 64
  %tobool22.not.not.i = icmp eq i32 %16, 0
  br i1 %tobool22.not.not.i, label %if.then23.i, label %for.body.i.preheader

if.then23.i:                                      ; preds = %if.end19.i
  %17 = inttoptr i32 %add20.i to ptr
  %18 = load <16 x i8>, ptr %17, align 64
  %cmp.i29.i = icmp eq <16 x i8> %18, %splat.splat.i
  %sext.i30.i = sext <16 x i1> %cmp.i29.i to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i)
  %add.ptr.i19 = getelementptr inbounds nuw i8, ptr %17, i32 16
  %20 = load <16 x i8>, ptr %add.ptr.i19, align 16
  %cmp.i27.i = icmp eq <16 x i8> %20, %splat.splat.i
  %sext.i28.i = sext <16 x i1> %cmp.i27.i to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i)
  %add.ptr5.i = getelementptr inbounds nuw i8, ptr %17, i32 32
  %22 = load <16 x i8>, ptr %add.ptr5.i, align 32
  %cmp.i25.i = icmp eq <16 x i8> %22, %splat.splat.i
  %sext.i26.i = sext <16 x i1> %cmp.i25.i to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i)
  %add.ptr8.i = getelementptr inbounds nuw i8, ptr %17, i32 48
  %24 = load <16 x i8>, ptr %add.ptr8.i, align 16
  %cmp.i.i = icmp eq <16 x i8> %24, %splat.splat.i
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %25 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i)
  %shl.i = shl i32 %21, 16
  %or.i = or i32 %shl.i, %19
  %conv.i20 = zext i32 %or.i to i64
  %shl11.i = shl i32 %25, 16
  %or12.i = or i32 %shl11.i, %23
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i20
  %tobool25.not.i = icmp eq i64 %or15.i, 0
  br i1 %tobool25.not.i, label %if.end32.i, label %if.then26.i

if.then26.i:                                      ; preds = %if.then23.i
  %26 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i, i1 true)
  %cast.i13 = trunc nuw nsw i64 %26 to i32
  %add28.i = or disjoint i32 %add20.i, %cast.i13
  br label %scan.exit

if.end32.i:                                       ; preds = %if.then23.i
  %add31.i = add nuw i32 %and.i, 128
  %cmp33.i142 = icmp ult i64 %data, 2684223424
  br i1 %cmp33.i142, label %for.body.i.preheader, label %scan.exit

for.body.i.preheader:                             ; preds = %if.end19.i, %if.end32.i
  %line.1.i143.ph = phi i32 [ %add20.i, %if.end19.i ], [ %add31.i, %if.end32.i ]
  br label %for.body.i

for.body.i:                                       ; preds = %for.body.i.preheader, %for.inc.i
  %line.1.i143 = phi i32 [ %add58.i, %for.inc.i ], [ %line.1.i143.ph, %for.body.i.preheader ]
  %27 = inttoptr i32 %line.1.i143 to ptr
  %28 = load <16 x i8>, ptr %27, align 1
  %xor.i38.i120 = xor <16 x i8> %28, %splat.splat.i
  %add.ptr.i121 = getelementptr inbounds nuw i8, ptr %27, i32 16
  %29 = load <16 x i8>, ptr %add.ptr.i121, align 1
  %xor.i30.i124 = xor <16 x i8> %29, %splat.splat.i
  %add.ptr2.i125 = getelementptr inbounds nuw i8, ptr %27, i32 32
  %30 = load <16 x i8>, ptr %add.ptr2.i125, align 1
  %xor.i22.i128 = xor <16 x i8> %30, %splat.splat.i
  %add.ptr4.i129 = getelementptr inbounds nuw i8, ptr %27, i32 48
  %31 = load <16 x i8>, ptr %add.ptr4.i129, align 1
  %xor.i.i132 = xor <16 x i8> %31, %splat.splat.i
  %elt.min.i19.i133 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i38.i120, <16 x i8> %xor.i30.i124)
  %elt.min.i18.i134 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i22.i128, <16 x i8> %xor.i.i132)
  %elt.min.i.i135 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i19.i133, <16 x i8> %elt.min.i18.i134)
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %27, i32 64
  %32 = load <16 x i8>, ptr %add.ptr.i, align 1
  %xor.i38.i = xor <16 x i8> %32, %splat.splat.i
  %add.ptr.i114 = getelementptr inbounds nuw i8, ptr %27, i32 80
  %33 = load <16 x i8>, ptr %add.ptr.i114, align 1
  %xor.i30.i = xor <16 x i8> %33, %splat.splat.i
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %27, i32 96
  %34 = load <16 x i8>, ptr %add.ptr2.i, align 1
  %xor.i22.i = xor <16 x i8> %34, %splat.splat.i
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %27, i32 112
  %35 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %xor.i.i117 = xor <16 x i8> %35, %splat.splat.i
  %elt.min.i19.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i38.i, <16 x i8> %xor.i30.i)
  %elt.min.i18.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i22.i, <16 x i8> %xor.i.i117)
  %elt.min.i.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i19.i, <16 x i8> %elt.min.i18.i)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i135, <16 x i8> %elt.min.i.i)
  %36 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i)
  %tobool.not.i17.not = icmp eq i32 %36, 0
  br i1 %tobool.not.i17.not, label %if.end42.i, label %for.inc.i

if.end42.i:                                       ; preds = %for.body.i
  %cmp.i29.i55 = icmp eq <16 x i8> %28, %splat.splat.i
  %sext.i30.i56 = sext <16 x i1> %cmp.i29.i55 to <16 x i8>
  %37 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i56)
  %cmp.i27.i61 = icmp eq <16 x i8> %29, %splat.splat.i
  %sext.i28.i62 = sext <16 x i1> %cmp.i27.i61 to <16 x i8>
  %38 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i62)
  %cmp.i25.i67 = icmp eq <16 x i8> %30, %splat.splat.i
  %sext.i26.i68 = sext <16 x i1> %cmp.i25.i67 to <16 x i8>
  %39 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i68)
  %cmp.i.i73 = icmp eq <16 x i8> %31, %splat.splat.i
  %sext.i.i74 = sext <16 x i1> %cmp.i.i73 to <16 x i8>
  %40 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i74)
  %shl.i75 = shl i32 %38, 16
  %or.i76 = or i32 %shl.i75, %37
  %conv.i77 = zext i32 %or.i76 to i64
  %shl11.i78 = shl i32 %40, 16
  %or12.i79 = or i32 %shl11.i78, %39
  %conv13.i80 = zext i32 %or12.i79 to i64
  %shl14.i81 = shl nuw i64 %conv13.i80, 32
  %or15.i82 = or disjoint i64 %shl14.i81, %conv.i77
  %tobool44.not.i = icmp eq i64 %or15.i82, 0
  br i1 %tobool44.not.i, label %if.end49.i, label %if.then45.i

if.then45.i:                                      ; preds = %if.end42.i
  %41 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i82, i1 true)
  %cast.i15 = trunc nuw nsw i64 %41 to i32
  %add47.i = add nuw i32 %line.1.i143, %cast.i15
  %cond.i8 = tail call i32 @llvm.umin.i32(i32 %add47.i, i32 -1610743744)
  br label %scan.exit

if.end49.i:                                       ; preds = %if.end42.i
  %add50.i = add nuw i32 %line.1.i143, 64
  %42 = inttoptr i32 %add50.i to ptr
  %43 = load <16 x i8>, ptr %42, align 1
  %cmp.i29.i24 = icmp eq <16 x i8> %43, %splat.splat.i
  %sext.i30.i25 = sext <16 x i1> %cmp.i29.i24 to <16 x i8>
  %44 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i30.i25)
  %add.ptr.i26 = getelementptr inbounds nuw i8, ptr %42, i32 16
  %45 = load <16 x i8>, ptr %add.ptr.i26, align 1
  %cmp.i27.i30 = icmp eq <16 x i8> %45, %splat.splat.i
  %sext.i28.i31 = sext <16 x i1> %cmp.i27.i30 to <16 x i8>
  %46 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i28.i31)
  %add.ptr5.i32 = getelementptr inbounds nuw i8, ptr %42, i32 32
  %47 = load <16 x i8>, ptr %add.ptr5.i32, align 1
  %cmp.i25.i36 = icmp eq <16 x i8> %47, %splat.splat.i
  %sext.i26.i37 = sext <16 x i1> %cmp.i25.i36 to <16 x i8>
  %48 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i26.i37)
  %add.ptr8.i38 = getelementptr inbounds nuw i8, ptr %42, i32 48
  %49 = load <16 x i8>, ptr %add.ptr8.i38, align 1
  %cmp.i.i42 = icmp eq <16 x i8> %49, %splat.splat.i
  %sext.i.i43 = sext <16 x i1> %cmp.i.i42 to <16 x i8>
  %50 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i.i43)
  %shl.i44 = shl i32 %46, 16
  %or.i45 = or i32 %shl.i44, %44
  %conv.i46 = zext i32 %or.i45 to i64
  %shl11.i47 = shl i32 %50, 16
  %or12.i48 = or i32 %shl11.i47, %48
  %conv13.i49 = zext i32 %or12.i48 to i64
  %shl14.i50 = shl nuw i64 %conv13.i49, 32
  %or15.i51 = or disjoint i64 %shl14.i50, %conv.i46
  %51 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i51, i1 false)
  %cast.i14 = trunc nuw nsw i64 %51 to i32
  %add54.i = add nuw i32 %add50.i, %cast.i14
  %cond.i7 = tail call i32 @llvm.umin.i32(i32 %add54.i, i32 -1610743744)
  br label %scan.exit

for.inc.i:                                        ; preds = %for.body.i
  %add58.i = add nuw i32 %line.1.i143, 128
  %cmp33.i = icmp ult i32 %line.1.i143, -1610743872
  br i1 %cmp33.i, label %for.body.i, label %scan.exit

scan.exit:                                        ; preds = %for.inc.i, %if.end32.i, %if.then45.i, %if.end49.i, %cleanup.i, %if.then15.i, %if.then26.i
  %retval.5.i = phi i32 [ %add.i, %cleanup.i ], [ %cond.i8, %if.then45.i ], [ %add17.i, %if.then15.i ], [ %add28.i, %if.then26.i ], [ %cond.i7, %if.end49.i ], [ -1610743744, %if.end32.i ], [ -1610743744, %for.inc.i ]
  %conv3 = zext i32 %retval.5.i to i64
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %conv3, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 6979190784) i64 @string_copy_end(i64 noundef %to, i64 noundef %from) nounwind null_pointer_is_valid {
entry:
  %call = tail call i64 @string_length(i64 noundef %from)
  %cmp = icmp eq i64 %call, -1
  br i1 %cmp, label %cleanup, label %lor.lhs.false

lor.lhs.false:                                    ; preds = %entry
  %cmp.i = icmp ugt i64 %to, 2684223488
  %sub.i = sub i64 2684223488, %to
  %cmp1.i = icmp uge i64 %call, %sub.i
  %.not = or i1 %cmp.i, %cmp1.i
  br i1 %.not, label %cleanup, label %if.end

if.end:                                           ; preds = %lor.lhs.false
  %add = add nuw nsw i64 %call, 1
  %call3 = tail call i64 @string_move(i64 noundef %to, i64 noundef %from, i64 noundef %add)
  %add4 = add nsw i64 %call3, %call
  br label %cleanup

cleanup:                                          ; preds = %entry, %lor.lhs.false, %if.end
  %retval.0 = phi i64 [ %add4, %if.end ], [ -1, %lor.lhs.false ], [ -1, %entry ]
  ret i64 %retval.0
}

declare void @llvm.memmove.p0.p0.i32(ptr writeonly captures(none), ptr readonly captures(none), i32, i1 immarg)

declare void @llvm.memset.p0.i32(ptr writeonly captures(none), i8, i32, i1 immarg)

declare i32 @llvm.wasm.bitmask.v16i8(<16 x i8>)

declare <16 x i8> @llvm.umin.v16i8(<16 x i8>, <16 x i8>)

declare i64 @llvm.cttz.i64(i64, i1 immarg)

declare i32 @llvm.wasm.alltrue.v16i8(<16 x i8>)

declare i32 @llvm.umin.i32(i32, i32)

declare i64 @llvm.umin.i64(i64, i64)

declare i32 @llvm.cttz.i32(i32, i1 immarg)
